import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { ThemeProblem } from '#core/theme/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk, parsed } from './command-line.js';

const repository = path.resolve(import.meta.dirname, '../../..');

describe('the commands for themes', () => {
  let desk: TestDesk;
  let folder: string;
  beforeEach(async () => {
    desk = await createTestDesk({ root: repository });
    const { data } = desk.app.desk.config;
    folder = path.join(data, 'themes/sea');
    await helpdesk(desk, ['theme', 'create', 'sea', '--dir', path.join(data, 'themes')]);
  });
  afterEach(() => desk.close());

  const write = (name: string, content: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  };
  const check = async (wanted = 'sea') => {
    const ran = await helpdesk(desk, ['theme', 'check', wanted, '--json']);
    return { code: ran.code, problems: parsed<ThemeProblem[]>(ran) };
  };

  it('creates a theme that passes the check but for a picture, and can be used', async () => {
    expect(await check()).to.deep.include({ code: 0 });
    expect((await check()).problems.map(({ level, text }) => `${level} ${text.split(' ')[0] ?? ''}`)).to.deep.equal([
      'recommendation screenshot.png',
    ]);
    expect(readFileSync(path.join(folder, 'pages/portal/home.hbs'), 'utf8')).to.match(
      /^\{\{!-- template: portal\/home version: \d+ --\}\}/,
    );
    expect((await helpdesk(desk, ['theme', 'activate', 'sea'])).code).to.equal(0);
    const list = parsed<{ id: string; active: boolean }[]>(await helpdesk(desk, ['theme', 'list', '--json']));
    expect(list.find(({ active }) => active)?.id).to.equal('sea');
  });

  it('finds nothing wrong with the default theme', async () => {
    const { code, problems } = await check(path.join(repository, 'themes/default'));

    expect({ code, bad: problems.filter(({ level }) => level === 'fatal' || level === 'error') }).to.deep.equal({ code: 0, bad: [] });
  });

  it('refuses an id that is taken or malformed', async () => {
    const taken = await helpdesk(desk, ['theme', 'create', 'sea']);
    const malformed = await helpdesk(desk, ['theme', 'create', '../Sea']);

    expect([taken.code, malformed.code]).to.deep.equal([1, 1]);
    expect(taken.err).to.match(/There is a theme sea already/);
    expect(malformed.err).to.match(/"\.\.\/Sea" is not an id/);
    expect(existsSync(path.join(desk.app.desk.config.root, 'themes/sea'))).to.equal(false);
  });

  for (const [what, name, content, level, text] of [
    ['broken JSON', 'theme.json', '{', 'fatal', /theme\.json is not JSON/],
    ['a missing title', 'theme.json', '{"version":"1.0.0"}', 'fatal', /lacks "title"/],
    [
      'an option of a strange type',
      'theme.json',
      '{"title":"S","version":"1.0.0","options":{"x":{"type":"date","title":"X"}}}',
      'fatal',
      /"options\.x\.type" must be one of text, color, number, boolean, enum, image/,
    ],
    ['a template that does not parse', 'pages/portal/home.hbs', '\n{{#if x}}', 'fatal', /home\.hbs, line \d/],
    [
      'a template that does not compile',
      'pages/portal/home.hbs',
      '{{> portal/ticket-row a b}}',
      'fatal',
      /home\.hbs: Unsupported number of partial arguments/,
    ],
    ['unescaped output', 'pages/portal/home.hbs', '{{{x}}}', 'fatal', /line 1: prints text unescaped/],
    [
      'an unknown helper',
      'pages/portal/home.hbs',
      '\n<p title="{{eq (shout "x") 1}}">',
      'fatal',
      /line 2: there is no helper shout in version 1\.0\.0/,
    ],
    ['an unknown partial', 'pages/portal/home.hbs', '{{> portal/nowhere}}', 'fatal', /there is no partial portal\/nowhere/],
    [
      'low contrast',
      'tokens.css',
      ':root { --color-ink-muted: oklch(75% 0 0); }',
      'error',
      /ink-muted on --color-canvas has a contrast of 2\.\d+:1 in light/,
    ],
    [
      'a pale border in dark',
      'tokens.css',
      ":root[data-scheme='dark'] { --color-line-strong: oklch(30% 0 0); }",
      'error',
      /line-strong on --color-canvas has a contrast of 1\.\d+:1 in dark; it needs 3:1/,
    ],
    ['a page for nobody', 'pages/portal/hime.hbs', '<p></p>', 'warning', /portal\/hime replaces nothing.*mean portal\/home\?/],
    ['a page of the desk', 'pages/admin/themes.hbs', '<p></p>', 'warning', /admin\/themes is not for themes/],
    [
      'an old copy',
      'pages/portal/home.hbs',
      '{{!-- template: portal/home version: 0 --}}',
      'warning',
      /copied from version 0; it is now version \d/,
    ],
    ['an unknown text', 'locales/en.json', '{"portal.nowhere":"x"}', 'warning', /no text "portal\.nowhere"/],
    ['other parameters', 'locales/tr.json', '{"theme.activate.label":"{nome}"}', 'warning', /has \{nome\}.*lacks \{name\}/],
    ['a side of the screen', 'theme.css', '\n.a { margin-left: 1px; }', 'recommendation', /theme\.css, line 2: "margin-left"/],
  ] as const) {
    it(`names ${what}`, async () => {
      write(name, content);

      const { code, problems } = await check();

      expect(problems.find((one) => text.test(one.text))?.level, JSON.stringify(problems)).to.equal(level);
      expect(code).to.equal(level === 'fatal' || level === 'error' ? 1 : 0);
    });
  }

  it('shows administrators what is wrong, and refuses them a theme that cannot work', async () => {
    write('pages/portal/home.hbs', '{{> portal/nowhere}}');

    const refused = await desk.fetch('/admin/themes/sea/activate', { method: 'POST', as: 'ada' });
    const page = await (await desk.fetch('/admin/themes', { as: 'ada' })).text();

    const sentence = 'pages/portal/home.hbs, line 1: there is no partial portal/nowhere.';
    expect(refused.status).to.equal(422);
    expect(await refused.text()).to.contain(`The theme sea cannot be used: ${sentence}`);
    expect(page).to.contain(`Prevents use: ${sentence}`);
    expect((await desk.app.desk.settings.get('site'))['theme']).to.equal('default');
    rmSync(path.join(folder, 'pages'), { recursive: true });
    expect((await desk.fetch('/admin/themes/sea/activate', { method: 'POST', as: 'ada' })).status).to.equal(303);
    expect((await desk.app.desk.settings.get('site'))['theme']).to.equal('sea');
  });

  it('does not switch to a theme with a fatal problem, and does with an error', async () => {
    write('tokens.css', ':root { --color-ink: white; }');
    expect((await helpdesk(desk, ['theme', 'activate', 'sea'])).code).to.equal(0);
    await desk.app.activateTheme('sea');
    cpSync(folder, path.join(path.dirname(folder), 'lake'), { recursive: true });
    rmSync(path.join(path.dirname(folder), 'lake/theme.json'));

    const refused = await helpdesk(desk, ['theme', 'activate', 'lake']);

    expect([refused.code, refused.err]).to.deep.equal([1, 'theme.json is missing.\n']);
    expect((await helpdesk(desk, ['theme', 'activate', 'pond'])).err).to.equal('There is no theme pond.\n');
    expect((await desk.app.desk.settings.get('site'))['theme']).to.equal('sea');
  });
});
