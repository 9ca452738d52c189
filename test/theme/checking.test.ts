import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { readConfig } from '#core/config.js';
import { checkTheme, type ThemeProblem } from '#core/theme/index.js';
import { writePlugin } from '../plugins/support.ts';

type Files = Readonly<Record<string, string | object>>;

interface Case {
  readonly what: string;
  readonly files: Files;
  readonly level: ThemeProblem['level'];
  readonly text: RegExp;
}

const home = 'pages/portal/home.hbs';
const header = '{{!-- template: portal/home version: 9 --}}';
const manifest = (more: object): Files => ({ 'theme.json': { title: 'Paper', version: '1.0.0', ...more } });
const options = (count: number, prefix: string): object =>
  Object.fromEntries(Array.from({ length: count }, (_one, index) => [`${prefix}${index}`, { type: 'boolean', title: 'X', default: true }]));
const page = (what: string, source: string, level: Case['level'], text: RegExp): Case => ({
  what,
  files: { [home]: `${header}${source}` },
  level,
  text,
});

const groups: Readonly<Record<string, readonly Case[]>> = {
  'theme.json': [
    { what: 'a field that means nothing', files: manifest({ colour: 'red' }), level: 'warning', text: /"colour", which means nothing/ },
    {
      what: 'a parent that is not there',
      files: manifest({ extends: 'nobody' }),
      level: 'fatal',
      text: /extends nobody, and there is no such theme/,
    },
    { what: 'a circle of parents', files: manifest({ extends: 'parent' }), level: 'fatal', text: /extends itself/ },
    {
      what: 'a group that is not defined',
      files: manifest({ options: { x: { type: 'boolean', title: 'X', default: true, group: 'none' } } }),
      level: 'fatal',
      text: /"options\.x" names the group "none"/,
    },
    {
      what: 'a default outside its range',
      files: manifest({ options: { x: { type: 'number', title: 'X', default: 9, minimum: 1, maximum: 3 } } }),
      level: 'fatal',
      text: /"options\.x" has a default outside its range/,
    },
    {
      what: 'a default that is no choice',
      files: manifest({
        options: {
          x: {
            type: 'enum',
            title: 'X',
            default: 'c',
            values: [
              { value: 'a', title: 'A' },
              { value: 'b', title: 'B' },
            ],
          },
        },
      }),
      level: 'fatal',
      text: /"options\.x" has a default that is not among its values/,
    },
    { what: 'more than 20 options', files: manifest({ options: options(21, 'own') }), level: 'fatal', text: /has at most 20 options/ },
    {
      what: 'a form that is long with what it inherits',
      files: manifest({ extends: 'many', options: options(15, 'own') }),
      level: 'warning',
      text: /With those it extends it has 33 options/,
    },
  ],
  'missing templates': [
    page('a partial that nobody has', '{{> portal/nowhere}}', 'fatal', /there is no partial portal\/nowhere\.$/),
    page(
      'a partial of a plugin that is not here',
      '{{> wiki/card}}',
      'fatal',
      /no partial wiki\/card; it would come from a plugin wiki, which is not here/,
    ),
    {
      what: 'a partial that includes itself',
      files: { 'partials/a.hbs': '{{> partials/a}}' },
      level: 'error',
      text: /partials\/a\.hbs: it includes itself;/,
    },
    {
      what: 'partials that include each other',
      files: { 'partials/a.hbs': '{{> partials/b}}', 'partials/b.hbs': '{{> partials/a}}' },
      level: 'error',
      text: /it includes itself by way of partials\/b/,
    },
  ],
  'unknown helpers': [
    page('a helper that nobody has', '{{shout "x"}}', 'fatal', /no helper shout in version \d+\.\d+\.\d+ of the plugin API/),
    page('a helper of a plugin that is not here', '{{wiki-link "x"}}', 'fatal', /no helper wiki-link; it would come from a plugin wiki/),
    page(
      'a field that a helper hides',
      '<p>{{number}}</p>',
      'warning',
      /\{\{number\}\} calls a helper; for the field write \{\{this\.number\}\}/,
    ),
    page('a partial chosen by data', '{{> (lookup . "x")}}', 'fatal', /line 1: /),
    page('an attribute without quotes', '<p title={{this.x}}></p>', 'warning', /line 1: .*quot/),
  ],
  'contrast AA': [
    {
      what: 'colors of an option',
      files: manifest({
        options: {
          palette: {
            type: 'enum',
            title: 'Palette',
            default: 'a',
            values: [
              { value: 'a', title: 'A' },
              { value: 'pale', title: 'Pale', properties: { '--color-brand': 'oklch(90% 0.05 200)' } },
            ],
          },
        },
      }),
      level: 'error',
      text: /--color-brand on --color-canvas has a contrast of 1\.\d+:1 in light with palette "pale"; it needs 4\.5:1/,
    },
    {
      what: 'text of 4.4:1',
      files: { 'tokens.css': ':root { --color-canvas: #fff; --color-ink-muted: #787878; }' },
      level: 'error',
      text: /ink-muted on --color-canvas has a contrast of 4\.4\d:1/,
    },
    {
      what: 'a color that cannot be measured',
      files: { 'tokens.css': ':root { --color-ink: CanvasText; }' },
      level: 'recommendation',
      text: /--color-ink cannot be measured in light/,
    },
  ],
  locales: [
    { what: 'texts that are not JSON', files: { 'locales/en.json': '{' }, level: 'fatal', text: /The texts cannot be read/ },
    {
      what: 'a text that one language lacks',
      files: { 'locales/en.json': { 'portal.write': 'Ahoy' } },
      level: 'warning',
      text: /locales\/tr\.json lacks "portal\.write"/,
    },
    {
      what: 'a text that the desk does not know',
      files: { 'locales/tr.json': { 'portal.nowhere': 'x' } },
      level: 'warning',
      text: /there is no text "portal\.nowhere"/,
    },
    page('a text that a template names and nobody has', '{{t "portal.nowhere"}}', 'error', /line 1: there is no text "portal\.nowhere"/),
  ],
  'outdated overrides': [
    {
      what: 'an older copy',
      files: { [home]: '{{!-- template: portal/home version: 0 --}}' },
      level: 'warning',
      text: /portal\/home was copied from version 0; it is now version \d/,
    },
    {
      what: 'a copy that does not say its version',
      files: { [home]: '<h1>Hi</h1>' },
      level: 'warning',
      text: /does not say which version it was copied from; its first line should be/,
    },
    {
      what: 'an older copy of what a plugin shows',
      files: { 'plugins/poll/card.hbs': '{{!-- template: poll/card version: 1 --}}' },
      level: 'warning',
      text: /poll\/card was copied from version 1; it is now version 3/,
    },
    {
      what: 'a copy of what a plugin shows that is not here',
      files: { 'plugins/wiki/card.hbs': '{{!-- template: wiki/card version: 1 --}}' },
      level: 'recommendation',
      text: /wiki\/card is for the plugin wiki, which is not here/,
    },
  ],
  'what browsers refuse': [
    page('script in an address', '<a href="javascript:x()">x</a>', 'fatal', /runs script from an address/),
    page('a script', '<script>x()</script>', 'error', /holds a script/),
    page('an event attribute', '<p onclick="x()">x</p>', 'error', /holds an event attribute/),
    page('styles in a page', '<style>p{}</style>', 'error', /holds styles/),
    page('a file of another site', '<img alt="" src="https://example.com/x.png">', 'error', /loads something from another site/),
    page('an option as an address', '<a href="{{@theme.link}}">x</a>', 'warning', /puts an option into an address/),
    page('a picture without alt', '<img src="/x.png">', 'warning', /a picture without alt/),
  ],
  'what people choose it by': [
    { what: 'no picture of it', files: {}, level: 'recommendation', text: /^screenshot\.png is missing/ },
    { what: 'no words about it', files: {}, level: 'recommendation', text: /^README\.md is missing/ },
  ],
};

describe('the check of a theme', () => {
  let data: string;
  let folder: string;
  beforeEach(() => {
    data = mkdtempSync(path.join(tmpdir(), 'helpdesk-theme-'));
    folder = path.join(data, 'themes/paper');
    write('themes/paper', manifest({}));
    write('themes/parent', manifest({ extends: 'paper' }));
    write('themes/many', manifest({ options: options(18, 'inherited') }));
    writePlugin(path.join(data, 'plugins'), {
      id: 'poll',
      manifest: { templates: './templates' },
      activate: '',
      files: { 'templates/card.hbs': '{{!-- template: poll/card version: 3 --}}\n<p>Poll</p>' },
    });
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  function write(place: string, files: Files): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(data, place, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }
  const check = (where = folder) => checkTheme(readConfig({ HELPDESK_DATA: data, HELPDESK_URL: 'http://desk.example' }, {}, data), where);

  for (const [group, cases] of Object.entries(groups))
    describe(group, () => {
      for (const { what, files, level, text } of cases)
        it(`calls ${what} ${level}`, async () => {
          write('themes/paper', files);

          const problems = await check();

          expect(problems.find((one) => text.test(one.text))?.level, JSON.stringify(problems, null, 1)).to.equal(level);
        });
    });

  it('calls a folder whose name cannot be an id fatal', async () => {
    renameSync(folder, path.join(data, 'themes/My Paper'));

    expect((await check(path.join(data, 'themes/My Paper')))[0]).to.deep.equal({
      level: 'fatal',
      text: 'The folder\'s name "My Paper" cannot be the id of a theme.',
    });
  });

  it('lets mails carry their styles and full addresses, and themes have texts of their own', async () => {
    write('themes/paper', {
      'emails/notice.hbs': '<style>p{}</style><img alt="" src="https://desk.example/x.png">',
      'locales/en.json': { 'paper.hello': 'Hello' },
      'locales/tr.json': { 'paper.hello': 'Merhaba' },
      [home]: `${header}<h1>{{t "paper.hello"}}</h1>`,
    });

    const texts = (await check()).map(({ text }) => text).join('\n');

    expect(texts).to.not.match(/holds styles|another site|paper\.hello/);
  });

  it('puts the worst first', async () => {
    write('themes/paper', { [home]: '<img src="/x.png"><p onclick="x()">{{> portal/nowhere}}</p>' });
    const levels = ['fatal', 'error', 'warning', 'recommendation'];

    const found = (await check()).map(({ level }) => levels.indexOf(level));

    expect(found).to.deep.equal(found.toSorted((a, b) => a - b));
    expect(new Set(found).size).to.equal(levels.length);
  });
});
