import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { versionOf } from '#core/kernel/template-roots.js';
import { checkTheme } from '#core/theme/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk } from '../cli/command-line.js';
import { writePlugin } from '../plugins/support.js';
import { home, repository, tick, writeTheme } from './support.js';

/** Where the templates lie that themes may replace, and what their names begin with. */
const shipped = [
  ['core/portal/templates', 'portal'],
  ['core/auth/templates', 'auth'],
  ['core/mail/templates', 'emails'],
  ['core/ui/layouts', 'ui/layouts'],
] as const;

describe('the files of templates', () => {
  it('say in their first line which template they are and which version', () => {
    const wrong: string[] = [];
    const check = (file: string, name: string): void => {
      const first = readFileSync(file, 'utf8').split('\n')[0] ?? '';
      if (!new RegExp(`^\\{\\{!-- template: ${name} version: [1-9]\\d* --\\}\\}$`).test(first)) wrong.push(`${name}: ${first}`);
    };
    for (const [folder, prefix] of shipped)
      for (const name of hbsIn(path.join(repository, folder))) check(path.join(repository, folder, `${name}.hbs`), `${prefix}/${name}`);
    for (const id of readdirSync(path.join(repository, 'plugins')))
      for (const name of hbsIn(path.join(repository, 'plugins', id, 'templates')))
        check(path.join(repository, 'plugins', id, 'templates', `${name}.hbs`), `${id}/${name}`);

    expect(wrong).to.deep.equal([]);
  });

  it('of the shipped themes are copies of the newest versions, and the check finds nothing in them', async () => {
    const desk = await createTestDesk({ root: repository });
    for (const id of ['default', 'harbor']) {
      const folder = path.join(repository, 'themes', id);
      expect(await checkTheme(desk.app.desk.config, folder), id).to.deep.equal([]);
      for (const name of hbsIn(path.join(folder, 'pages/portal')))
        expect(versionOf(readFileSync(path.join(folder, 'pages/portal', `${name}.hbs`), 'utf8'))).to.equal(
          versionOf(readFileSync(path.join(repository, 'core/portal/templates', `${name}.hbs`), 'utf8')),
        );
    }
    await desk.close();
  });

  describe('that replace each other', () => {
    let desk: TestDesk;
    let plugins: string;
    beforeEach(async () => {
      desk = await createTestDesk();
      plugins = path.join(desk.app.desk.config.data, 'plugins');
    });
    afterEach(() => desk.close());
    const page = async (address: string) => (await desk.fetch(address, { as: 'ada', headers: { 'Accept-Language': 'en' } })).text();

    it('are shown with what they stand in front of, and outdated ones are told on Themes, Health and by the check', async () => {
      const folder = writeTheme(desk, 'old', {
        'pages/portal/head.hbs': '{{!-- template: portal/head version: 1 --}}<header>mine</header>',
        'pages/portal/home.hbs': '{{!-- template: portal/home version: 1 --}}<h1>x</h1>',
      });
      await desk.app.activateTheme('old');

      const themes = await page('/admin/themes');
      const problems = await checkTheme(desk.app.desk.config, folder);

      expect(themes).to.match(/portal\/head<\/code><span class="chip chip--warning">Outdated/);
      expect(themes).to.match(/portal\/home<\/code>(?!<span class="chip)/);
      expect(themes).to.match(/behind it: core, version \d+: .*portal\/templates\/head\.hbs/);
      expect(await page('/admin/health')).to.contain('Some templates of the theme were copied from older versions.');
      expect(problems.map(({ text }) => text).filter((text) => text.includes('portal/head'))).to.deep.equal([
        'portal/head was copied from version 1; it is now version 2.',
      ]);
    });

    it('can be compared by command and in the browser', async () => {
      writeTheme(desk, 'mine', { 'pages/portal/head.hbs': '{{!-- template: portal/head version: 1 --}}\n<header>mine</header>\n' });

      const told = await helpdesk(desk, ['theme', 'diff', 'mine', 'portal/head']);
      const unknown = await helpdesk(desk, ['theme', 'diff', 'mine', 'portal/home']);
      const html = await page('/admin/themes/mine/diff?template=portal/head');

      expect(told.code).to.equal(0);
      expect(told.out).to.match(/^--- .*core\/portal\/templates\/head\.hbs \(core, version \d+\)$/m);
      expect(told.out).to.match(/^\+<header>mine<\/header>$/m);
      expect(told.out).to.match(/^-<header class="portal__head">/m);
      expect([unknown.code, unknown.err]).to.deep.equal([1, 'mine replaces no template portal/home. It replaces: portal/head.\n']);
      expect(html)
        .to.contain('&lt;header&gt;mine&lt;/header&gt;')
        .and.contain('The original has changed since this file was copied from it.');
    });

    it('of two plugins are not used until somebody chooses one', async () => {
      for (const id of ['first', 'second'])
        writePlugin(plugins, {
          id,
          activate: '',
          manifest: { templates: './templates', overrides: ['portal/home'] },
          files: { 'templates/overrides/portal/home.hbs': `<h1>home of ${id}</h1>` },
        });
      const beside = await createTestDesk({ beside: desk, pluginFolders: [plugins], plugins: ['first', 'second'] });
      const undecided = await home(beside);
      const themes = await (await beside.fetch('/admin/themes', { as: 'ada', headers: { 'Accept-Language': 'en' } })).text();
      const chosen = await beside.fetch('/admin/themes/owners', {
        method: 'POST',
        as: 'ada',
        body: new URLSearchParams({ 'owner.portal/home': 'second' }),
      });

      expect(undecided.html).to.contain('class="hero"');
      expect(themes).to.contain('Two plugins replace the same page').and.contain('neither is used until you choose');
      expect(chosen.status).to.equal(303);
      expect((await home(beside)).html).to.contain('<h1>home of second</h1>');
      await tick(beside);
      expect((await home(beside)).html).to.contain('<h1>home of second</h1>');
      await beside.fetch('/admin/themes/owners', {
        method: 'POST',
        as: 'ada',
        body: new URLSearchParams({ 'owner.portal/home': 'elsewhere' }),
      });
      expect((await home(beside)).html).to.contain('class="hero"');
      await beside.close();
    });

    it('of a plugin are replaced from plugins/<id>/ of a theme, and a page of the desk never', async () => {
      writePlugin(plugins, {
        id: 'kb',
        activate:
          "ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (c) => ctx.pages.render(c, { area: 'portal', template: 'kb/index', view: {}, title: 'KB' }) }], '/kb');",
        manifest: { templates: './templates' },
        files: { 'templates/index.hbs': '{{!-- template: kb/index version: 1 --}}<h1>of the plugin</h1>' },
      });
      writeTheme(desk, 'sea', {
        'plugins/kb/index.hbs': '{{!-- template: kb/index version: 1 --}}<h1>of the theme</h1>',
        'pages/admin/themes.hbs': '<h1>not here</h1>',
      });
      const beside = await createTestDesk({ beside: desk, pluginFolders: [plugins], plugins: ['kb'] });
      await beside.app.activateTheme('sea');

      expect(beside.app.plugins.snapshot.templates?.render('kb/index', {})).to.equal('\n<h1>of the theme</h1>'.trim());
      expect(await (await beside.fetch('/admin/themes', { as: 'ada' })).text()).not.to.contain('not here');
      await beside.close();
    });
  });
});

function hbsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.hbs') && !name.startsWith('overrides/'))
      .map((name) => name.slice(0, -'.hbs'.length).split(path.sep).join('/'));
  } catch {
    return [];
  }
}
