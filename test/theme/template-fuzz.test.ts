import { expect } from 'chai';
import { checkTemplate, precompileTemplate } from '#core/kernel/precompile.js';
import { checkTheme } from '#core/theme/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { createHelpers } from '#core/ui/helpers.js';
import { createIcons } from '#core/ui/icon.js';
import { home, writeTheme } from './support.js';

const header = '{{!-- template: portal/home version: 1 --}}';

/** Ways to a constructor, a prototype or the process; none may print anything of it. */
const walks = [
  'constructor',
  '__proto__',
  'this.constructor',
  'request.constructor',
  'request.__proto__',
  'request.translator.constructor',
  '@root.constructor',
  '@root.request.user.constructor',
  '@theme.constructor',
  '@theme.__proto__',
  'request.site.locales.constructor',
  '__defineGetter__',
  'request.site.name.__proto__',
  'request.permissions.constructor',
].flatMap((name) => [
  `[{{${name}}}]`,
  `[{{${name}.name}}]`,
  `[{{${name}.constructor}}]`,
  `[{{#with ${name}}}{{this}}{{constructor}}{{/with}}]`,
  `[{{#each ${name}}}{{@key}}{{this}}{{/each}}]`,
  `[{{lookup ${name.includes('.') ? name : `this "${name}"`}${name.includes('.') ? ' "constructor"' : ''}}}]`,
  `[{{#with (lookup this "${name}")}}{{lookup this "constructor"}}{{/with}}]`,
  `[{{concat (lookup this "${name}") ""}}]`,
]);
const leaks = /native code|function |\[object|Object\(|=>|class /;

describe('templates of a theme', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  async function shown(template: string): Promise<string> {
    writeTheme(desk, 'fuzz', { 'pages/portal/home.hbs': `${header}<fuzz>${template}</fuzz>`, 'partials/x.hbs': 'x' });
    await desk.app.desk.settings.set('site', { theme: 'fuzz' });
    await desk.app.theming.read();
    desk.app.plugins.rebuild();
    const { status, html } = await home(desk, 'mina');
    expect(status, template).to.equal(200);
    return /<fuzz>([\s\S]*)<\/fuzz>/.exec(html)?.[1] ?? 'refused';
  }

  it('reach no constructor and no prototype', async () => {
    const found: string[] = [];
    for (const walk of walks) {
      const printed = await shown(walk);
      if (leaks.test(printed)) found.push(`${walk} printed ${printed.slice(0, 80)}`);
    }

    expect(walks.length).to.be.greaterThan(100);
    expect(found).to.deep.equal([]);
  }).timeout(60_000);

  it('are refused when they choose a partial by data, print unescaped or decorate', async () => {
    for (const template of [
      '{{> (lookup . "p")}}',
      '{{#> (lookup . "p")}}{{/undefined}}',
      '{{{request.site.name}}}',
      '{{&request.site.name}}',
      '{{* x}}',
      '{{#*inline "x"}}{{/inline}}',
    ])
      expect(await shown(template), template).to.equal('refused');
  });

  it('are text: objects that look like a syntax tree throw', () => {
    for (const source of [{ type: 'Program', body: [] }, [], null, 5, undefined, { toString: () => 'x' }]) {
      expect(() => checkTemplate(source)).to.throw(TypeError);
      expect(() => precompileTemplate('x', source as unknown as string, [])).to.throw(TypeError);
    }
  });

  it('let no script into an address that goes through safe-url', () => {
    const { 'safe-url': url = () => undefined } = createHelpers({ icons: createIcons({ lenient: true }), assetUrl: (name) => name });
    const bad = [
      'javascript:alert(1)',
      'JAVASCRIPT:x',
      ' javascript:x',
      'java\nscript:x',
      'java\u0000script:x',
      '\u0001javascript:x',
      'data:text/html,x',
      'vbscript:x',
      'blob:x',
      'file:///etc/passwd',
      '//elsewhere.example',
      '/\\elsewhere.example',
      '\\\\elsewhere',
      'https:/x',
      'http:',
      {},
      null,
    ];
    const good = ['https://a.example/x', 'HTTP://a.example', 'mailto:a@b.example', 'tel:+90', '/kb/x?y=1', '#top', '?page=2', ''];

    expect(bad.map((one) => url(one, {}))).to.deep.equal(bad.map(() => '#'));
    expect(good.map((one) => url(one, {}))).to.deep.equal(good);
  });

  for (const [what, template, level, text] of [
    ['an unquoted attribute', '<a title={{request.site.name}}>x</a>', 'warning', /attribute without quotes/],
    ['a script address', '<a href="javascript:alert(1)">x</a>', 'fatal', /runs script from an address/],
    ['an option in an address', '<a href="{{@theme.link}}">x</a>', 'warning', /\{\{safe-url @theme/],
    ['an inline script', '<script>alert(1)</script>', 'error', /holds a script/],
    ['an event attribute', '<b onclick="x()">x</b>', 'error', /event attribute/],
    ['a file of another site', '<img alt="" src="https://elsewhere.example/x.png">', 'error', /from another site/],
    ['a circle of partials', '{{> partials/a}}', 'error', /a\.hbs: it includes itself by way of partials\/b/],
    [
      'a helper of a plugin that is not here',
      '{{kb-toc "x"}}',
      'fatal',
      /no helper kb-toc; it would come from a plugin kb, which is not here/,
    ],
    ['a text that nobody has', '{{t "portal.nowhere"}}', 'error', /there is no text "portal\.nowhere"/],
    [
      'no version',
      '',
      'warning',
      /does not say which version it was copied from; its first line should be \{\{!-- template: portal\/home version: 1 --\}\}/,
    ],
  ] as const) {
    it(`are told of ${what}`, async () => {
      const folder = writeTheme(desk, 'told', {
        'pages/portal/home.hbs': what === 'no version' ? '<p></p>' : `${header}\n${template}`,
        'partials/a.hbs': '{{> partials/b}}',
        'partials/b.hbs': '{{> partials/a}}',
      });
      const problems = await checkTheme(desk.app.desk.config, folder);

      expect(problems.find((one) => text.test(one.text))?.level, JSON.stringify(problems)).to.equal(level);
    });
  }

  it('are measured in every palette, in light and dark', async () => {
    const folder = writeTheme(desk, 'pale', {
      'theme.json': {
        title: 'Pale',
        version: '1.0.0',
        options: {
          palette: {
            type: 'enum',
            title: 'P',
            default: 'good',
            values: [
              { value: 'good', title: 'G', properties: {} },
              { value: 'pale', title: 'P', properties: { '--color-ink': 'light-dark(oklch(80% 0 0), oklch(94% 0 0))' } },
            ],
          },
        },
      },
    });
    const errors = (await checkTheme(desk.app.desk.config, folder)).filter(({ level }) => level === 'error').map(({ text }) => text);

    expect(errors).to.not.equal([]);
    expect(
      errors.every((text) => /--color-ink on .* in light with palette "pale"; it needs/.test(text)),
      errors.join('\n'),
    ).to.equal(true);
  });
});
