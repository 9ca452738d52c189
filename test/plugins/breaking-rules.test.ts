import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { conformance, ownTestsAlone, testDatabase } from '#core/testing/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

const table = "export const up = (tx, t) => tx.schema.createTable(t('lines'), (c) => { c.increments('id'); c.text('body'); });";
const db = { db: { slug: 'rule', migrations: './migrations' }, personalData: false };

const cases: readonly [what: string, plugin: Omit<WrittenPlugin, 'id'>, problem: RegExp | undefined][] = [
  [
    'none',
    {
      manifest: { ...db, contributes: { hooks: { listens: ['ticket.opened', 'ticket.reply'] } } },
      activate: `ctx.hooks.on('ticket.opened', () => {}); ctx.hooks.filter('ticket.reply', (draft) => draft);
        ctx.http.desk([{ method: 'post', path: '/', permission: 'tickets.view', handler: (c) => { c.body = 'done'; } }]);`,
      files: { 'migrations/0001-lines.js': table },
    },
    undefined,
  ],
  [
    'what it hears but does not declare',
    { activate: "ctx.hooks.on('ticket.opened', () => {});" },
    /listens lacks ticket\.opened, which is registered/,
  ],
  [
    'what it declares but does not do',
    { manifest: { contributes: { jobs: [{ name: 'rule.tick' }] } }, activate: '' },
    /jobs names rule\.tick, which is not/,
  ],
  [
    'a permission of its own that nobody can grant',
    { activate: "ctx.http.desk([{ method: 'get', path: '/', permission: 'rule.page.view', handler: (c) => { c.body = 'x'; } }]);" },
    /needs rule\.page\.view, which helpdesk\.permissions does not declare/,
  ],
  [
    'a permission in the name of core',
    { manifest: { permissions: [{ key: 'tickets.view.all', title: 'All' }] }, activate: '' },
    /tickets\.view\.all does not begin with rule/,
  ],
  [
    'data it does not answer for',
    { manifest: { db: db.db }, activate: '', files: { 'migrations/0001-lines.js': table } },
    /neither calls ctx\.privacy\.declare nor/,
  ],
  [
    'a page that fails',
    { activate: "ctx.http.portal([{ method: 'get', path: '/', public: true, handler: () => { throw new Error('no'); } }]);" },
    /\/p\/rule answers 500 in the default theme/,
  ],
  [
    'a page that asks the database without end',
    {
      manifest: db,
      activate: `ctx.http.portal([{ method: 'get', path: '/', public: true, handler: async (c) => {
        for (let i = 0; i < 100; i += 1) await ctx.db.table('lines').where({ id: i }).first(); c.body = 'x'; } }]);`,
      files: { 'migrations/0001-lines.js': table },
    },
    /asks the database \d+ times; 60 is the most/,
  ],
  ...[
    [
      'X9: a page that counts rows one by one',
      "await ctx.db.table('lines').count({ n: '*' })",
      /\/p\/rule reads the whole of p_rule_lines: select count/,
    ],
    ['X9: a page that reads a list whole', "await ctx.db.table('lines').orderBy('id')", /\/p\/rule reads the whole of p_rule_lines/],
    ['X9: a page that sorts what has no index', "await ctx.db.table('lines').orderBy('body').limit(50)", /reads the whole of p_rule_lines/],
    [
      'X9: a page that looks for what has no index',
      "await ctx.db.table('lines').where({ body: 'x' }).first()",
      /reads the whole of p_rule_lines/,
    ],
    [
      'X9: a page that pages by offset',
      "await ctx.db.table('lines').orderBy('id').limit(50).offset(50)",
      /pages through p_rule_lines by offset/,
    ],
    [
      'X9: a page that asks once for each ticket',
      "const found = await ctx.db.raw('select id from tickets limit 50'); for (const { id } of found.rows ?? found) await ctx.db.table('lines').where({ id }).first()",
      /asks the database \d+ times at first and \d+ times after 12 more tickets/,
    ],
    [
      'X9: nothing in a page that goes by key',
      "await ctx.db.table('lines').where('id', '<', 50).orderBy('id', 'desc').limit(50)",
      undefined,
    ],
    ['X9: nothing in a page that walks a table in order to a limit', "await ctx.db.table('lines').orderBy('id').limit(50)", undefined],
    ['X9: nothing in a small table that is read whole', "await ctx.db.table('lines')", undefined],
  ].map(([what, reading, problem]): (typeof cases)[number] => [
    String(what),
    {
      manifest: { ...db, db: { ...db.db, ...(String(what).includes('small') && { small: ['lines'] }) } },
      activate: `ctx.http.portal([{ method: 'get', path: '/', public: true, handler: async (c) => { ${String(reading)}; c.body = 'x'; } }]);`,
      files: { 'migrations/0001-lines.js': table },
    },
    problem instanceof RegExp ? problem : undefined,
  ]),
  [
    'a timer that outlives it',
    // More of them in each round than there are others in this process, which may end meanwhile.
    { activate: 'setInterval(() => {}, 60000).unref(); for (let n = 0; n < 20; n += 1) setInterval(() => {}, 60000);' },
    /of Timeout are open/,
  ],
  [
    'nothing in connections to the database that the desk keeps for itself',
    {
      manifest: db,
      module: 'let times = 0;',
      activate: "times += 1; if (times > 5) await Promise.all(Array.from({ length: 10 }, () => ctx.db.raw('select 1')));",
      files: { 'migrations/0001-lines.js': table },
    },
    undefined,
  ],
  [
    'handlers that outlive it',
    {
      module: 'const kept = [];',
      activate:
        "const handler = (c) => { c.body = 'x'; }; kept.push(handler); ctx.http.portal([{ method: 'get', path: '/', public: true, handler }]);",
    },
    /handlers are still in memory after it was switched off/,
  ],
  [
    'rows of core that it changes by being there',
    {
      activate:
        "await ctx.db.tx((tx) => tx('tags').insert({ name: String(Math.random()), name_key: String(Math.random()), created_at: 0 }));",
    },
    /Switching it on and off changes rows of core: tags/,
  ],
  [
    'texts that one language lacks',
    {
      manifest: { locales: './locales' },
      activate: '',
      files: { 'locales/en.json': '{"rule.a":"A","rule.b":"B {n}"}', 'locales/tr.json': '{"rule.b":"B"}' },
    },
    /tr\.json lacks "rule\.a".*"rule\.b" has other parameters/s,
  ],
  [
    'a template whose text is missing',
    {
      manifest: { locales: './locales', templates: './templates' },
      activate: '',
      files: {
        'locales/en.json': '{"rule.a":"A"}',
        'templates/page.hbs': '{{!-- template: rule/page version: 1 --}}\n<h1>{{t "rule.nothing"}}</h1>',
      },
    },
    /prints "rule\.nothing", which has no text/,
  ],
];

function caseOf(name: string): (typeof cases)[number] {
  const found = cases.find(([what]) => what === name);
  if (found === undefined) throw new Error(`There is no case "${name}".`);
  return found;
}

describe('the check of the rules of all plugins', function () {
  this.timeout(60_000);

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-rules-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  // Only these are judged by what the database says; what else a page reads whole is asked of SQLite alone.
  const asksDatabase = [
    'none',
    'data it does not answer for',
    'nothing in connections to the database that the desk keeps for itself',
    'a page that asks the database without end',
    'X9: a page that pages by offset',
    'X9: a page that asks once for each ticket',
    'rows of core that it changes by being there',
  ];
  const judged = testDatabase() === 'sqlite' ? cases : asksDatabase.map(caseOf);
  for (const [what, plugin, problem] of judged) {
    it(`finds ${what}`, async () => {
      writePlugin(folder, { id: 'rule', ...plugin });

      const problems = await conformance('rule', { pluginFolders: [folder], rounds: 3 });

      if (problem === undefined) expect(problems).to.deep.equal([]);
      else expect(problems.join('\n')).to.match(problem);
    });
  }

  const finding = (expected: string, on: readonly string[]) => `
    import path from 'node:path';
    import { createTestDesk } from '@helpdesk/core/testing';
    describe('the rule', () => {
      it('finds who is there', async () => {
        const desk = await createTestDesk({ pluginFolders: [path.resolve(import.meta.dirname, '../..')], plugins: ${JSON.stringify(on)} });
        const found = (await desk.app.plugins.list()).map(({ id }) => id).join(' ');
        await desk.close();
        if (found !== '${expected}') throw new Error('found ' + found);
      });
    });`;
  for (const [what, requires, expected, problem] of [
    [
      'a test that needs a plugin which is not required',
      {},
      'friend rule',
      /"the rule finds who is there" fails .* beside it: found rule$/,
    ],
    ['nothing in a test that needs what the plugin requires', { friend: '^1.0' }, 'friend rule', undefined],
    ['nothing in a test that needs only core', {}, 'rule', undefined],
  ] as const) {
    // That a plugin needs no other one does not hang on the database.
    if (testDatabase() === 'postgres') continue;
    it(`X2: finds ${what}`, async () => {
      writePlugin(folder, { id: 'friend', activate: '' });
      const own = writePlugin(folder, {
        id: 'rule',
        manifest: { requires },
        activate: '',
        files: { 'test/rule.test.js': finding(expected, [...Object.keys(requires), 'rule']) },
      });

      const problems = await ownTestsAlone(own);

      if (problem === undefined) expect(problems).to.deep.equal([]);
      else expect(problems.join()).to.match(problem);
    });
  }

  it('X2: finds a test that ends its process', async () => {
    const own = writePlugin(folder, { id: 'rule', activate: '', files: { 'test/rule.test.js': 'process.exit(3);' } });

    expect(await ownTestsAlone(own)).to.deep.equal(['Its own tests end their process (3) where only core lies beside it.']);
  });
});
