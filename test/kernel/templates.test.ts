import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { checkTemplate, precompileTemplate } from '#core/kernel/precompile.js';
import { buildTemplates, safeHtml, type TemplateFault, type TemplateHelper, type TemplateRoot } from '#core/kernel/templates.js';
import { temporaryFolder } from './support.js';

describe('templates', () => {
  let base: string;
  let faults: TemplateFault[];

  beforeEach(async () => {
    base = await temporaryFolder();
    faults = [];
  });

  async function root(
    kind: TemplateRoot['kind'],
    id: string,
    files: Readonly<Record<string, string>>,
    more: Partial<TemplateRoot> = {},
  ): Promise<TemplateRoot> {
    const folder = path.join(base, id);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, `${name}.hbs`), text);
    }
    return { kind, id, folder, ...more };
  }

  const build = (roots: readonly TemplateRoot[], helpers: readonly TemplateHelper[] = [], cacheFolder?: string) =>
    buildTemplates({ roots, helpers, onFault: (fault) => void faults.push(fault), ...(cacheFolder !== undefined && { cacheFolder }) });
  const told = () => faults.map(({ owner, template, kind }) => `${owner} ${template} ${kind}`);
  const portal = { prefix: 'tickets', themeable: (name: string) => name.startsWith('tickets/portal-') };

  it('take the nearest theme, then what it extends, then the plugin', async () => {
    const plugin = await root(
      'plugin',
      'kb',
      { article: 'plugin', index: 'plugin', search: 'plugin' },
      { prefix: 'kb', themeable: () => true },
    );
    const theme = await root('theme', 'blue', { 'plugins/kb/article': 'theme', 'plugins/kb/index': 'theme' });
    const child = await root('theme', 'navy', { 'plugins/kb/article': 'child' });
    const templates = build([plugin, child, theme]);

    expect(['kb/article', 'kb/index', 'kb/search'].map((name) => templates.render(name, {}))).to.deep.equal(['child', 'theme', 'plugin']);
    expect(templates.sourceOf('kb/article')).to.deep.equal({
      file: path.join(base, 'navy/plugins/kb/article.hbs'),
      kind: 'theme',
      owner: 'navy',
      version: 0,
      shadowed: [
        { file: path.join(base, 'blue/plugins/kb/article.hbs'), kind: 'theme', owner: 'blue', version: 0 },
        { file: path.join(base, 'kb/article.hbs'), kind: 'plugin', owner: 'kb', version: 0 },
      ],
    });
  });

  it('let a theme replace core portal pages and partials, never a desk page', async () => {
    const core = await root(
      'core',
      'core',
      { 'portal-list': '{{> tickets/portal-row}}', 'portal-row': 'core row', 'desk-list': 'core desk' },
      portal,
    );
    const theme = await root('theme', 'blue', { 'pages/tickets/portal-row': 'theme row', 'pages/tickets/desk-list': 'theme desk' });
    const templates = build([core, theme]);

    expect(templates.render('tickets/portal-list', {})).to.equal('theme row');
    expect(templates.render('tickets/desk-list', {})).to.equal('core desk');
    expect(told()).to.deep.equal(['blue tickets/desk-list not-themeable']);
  });

  it('let one plugin replace what it declares, and none when two do', async () => {
    const core = await root('core', 'core', { 'portal-list': 'core list', 'portal-one': 'core one' }, portal);
    const first = await root(
      'plugin',
      'first',
      { 'overrides/tickets/portal-list': 'first', 'overrides/tickets/portal-one': 'first' },
      { prefix: 'first', overrides: ['tickets/portal-list'] },
    );
    const second = await root(
      'plugin',
      'second',
      { 'overrides/tickets/portal-list': 'second' },
      { prefix: 'second', overrides: ['tickets/portal-list'] },
    );

    expect(build([core, first]).render('tickets/portal-list', {})).to.equal('first');
    expect(build([core, first]).render('tickets/portal-one', {})).to.equal('core one');
    expect(build([core, first, second]).render('tickets/portal-list', {})).to.equal('core list');
    expect(told()).to.deep.equal(['first tickets/portal-list two-claimants', 'second tickets/portal-list two-claimants']);
  });

  it('fall back when an override is broken or its folder is gone', async () => {
    const core = await root('core', 'core', { 'portal-list': 'core' }, portal);
    const theme = await root('theme', 'blue', { 'pages/tickets/portal-list': '{{#if}} never closed' });
    const gone = await root('theme', 'gone', { 'pages/tickets/portal-list': 'gone' });
    await rm(gone.folder, { recursive: true });

    expect(build([core, gone, theme]).render('tickets/portal-list', {})).to.equal('core');
    expect(told()).to.deep.equal(['blue tickets/portal-list refused']);
  });

  it('tell when an override was copied from an older version', async () => {
    const core = await root('core', 'core', { 'portal-list': '{{!-- template: tickets/portal-list version: 3 --}}\ncore' }, portal);
    const old = await root('theme', 'old', { 'pages/tickets/portal-list': '{{!-- template: tickets/portal-list version: 2 --}}\nold' });

    expect(build([core, old]).sourceOf('tickets/portal-list')).to.include({ version: 2 });
    expect(told()).to.deep.equal(['old tickets/portal-list outdated']);
  });

  it('put a page into a layout without an unescaped print', async () => {
    const core = await root('core', 'core', { layout: '<main>{{body}}</main><i>{{name}}</i>', page: '<p>{{name}}</p>' });

    expect(build([core]).renderPage('layout', 'page', { name: '<b>' })).to.equal('<main><p>&lt;b&gt;</p></main><i>&lt;b&gt;</i>');
  });

  it('print nothing where a helper of a plugin throws or promises, and report it', async () => {
    const core = await root('core', 'core', { page: '[{{kb-bad}}][{{kb-late}}][{{kb-good "x"}}][{{safe}}]' });
    const helpers: readonly TemplateHelper[] = [
      {
        name: 'kb-bad',
        plugin: 'kb',
        run: () => {
          throw new Error('boom');
        },
      },
      { name: 'kb-late', plugin: 'kb', run: () => Promise.resolve('late') },
      { name: 'kb-good', plugin: 'kb', run: (text) => `<${String(text)}>` },
      { name: 'safe', plugin: 'core', run: () => safeHtml('<hr>') },
    ];

    expect(build([core], helpers).render('page', {})).to.equal('[][][&lt;x&gt;][<hr>]');
    expect(told()).to.deep.equal(['kb kb-bad helper', 'kb kb-late helper']);
  });

  it('are read from the disk cache by content', async () => {
    const cache = path.join(base, 'cache');
    const text = `once ${base} {{name}}`;
    const core = await root('core', 'core', { page: text });

    build([core], [], cache).warm();
    const files = await readdir(cache);
    const again = build([core], [], cache).render('page', { name: 'more' });

    expect(files).to.have.lengthOf(1);
    expect(again).to.equal(`once ${base} more`);
  });

  it('reach neither prototypes nor constructors', async () => {
    const core = await root('core', 'core', {
      page: '[{{constructor}}][{{constructor.name}}][{{__proto__}}][{{__proto__.polluted}}][{{lookup this "constructor"}}][{{#with (lookup this "__proto__")}}{{toString}}{{/with}}][{{name.constructor.name}}]',
    });

    expect(build([core]).render('page', { name: 'x' })).to.equal('[][][][][][][]');
  });

  const refused: readonly [string, string][] = [
    ['a triple-stash', 'a\n{{{body}}}'],
    ['an ampersand', 'a\n{{&body}}'],
    ['a computed partial', 'a\n{{> (lookup this "x")}}'],
    ['a computed partial block', 'a\n{{#> (lookup this "x")}}y{{/undefined}}'],
    ['a triple-stash inside a block', '{{#if a}}\n{{#each b}}{{{c}}}{{/each}}{{/if}}'],
    ['text that does not parse', 'a\n{{#if a}}{{/each}}'],
  ];
  for (const [name, text] of refused) {
    it(`are refused with ${name}`, () => {
      expect(() => precompileTemplate('page', text, [])).to.throw(/page, line [12]/);
    });
  }

  it('are text: a syntax tree is no template', () => {
    expect(() => checkTemplate({ type: 'Program', body: [] })).to.throw(TypeError);
  });

  it('warn of a value in an attribute without quotes', () => {
    const kinds = (text: string) => checkTemplate(text).map(({ kind, line }) => `${kind} ${line}`);

    expect(kinds('<p>\n<a href={{url}}>')).to.deep.equal(['unquoted 2']);
    expect(kinds('<a href="{{url}}" class="x {{y}}">a={{b}}</a>')).to.deep.equal([]);
  });
});
