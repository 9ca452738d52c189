import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { pluginCalls } from '#core/plugin-calls.js';
import { writePlugin } from './support.ts';

const calls: readonly (readonly [call: string, sentence: string])[] = [
  ["hooks.on('ticket.opened')", 'ctx.hooks.on needs a function as its handler, not undefined.'],
  ["hooks.on(() => {}, 'ticket.opened')", 'ctx.hooks.on needs a text as the name of the hook, not a function.'],
  ["hooks.filter('ticket.reply', {})", 'ctx.hooks.filter needs a function as its handler, not an object.'],
  ["hooks.filterSync('ticket.row.classes', 'x')", 'ctx.hooks.filterSync needs a function as its handler, not "x".'],
  ["hooks.decide('ticket.close', null)", 'ctx.hooks.decide needs a function as its handler, not null.'],
  ["hooks.onDurable('ticket.opened', () => {})", 'ctx.hooks.onDurable needs a text as the id of its handler, not a function.'],
  [
    "hooks.define('event', 'bad.thing')",
    'ctx.hooks.define needs one of action, filter, filterSync, decision as the kind of the hook, not "event".',
  ],
  ["services.provide('bad.thing')", 'ctx.services.provide needs an object or a function as what it offers, not undefined.'],
  ['services.get()', 'ctx.services.get needs a text as the name of the service, not undefined.'],
  ['own(7)', 'ctx.own needs a function or an object with a function dispose as what is handed over, not 7.'],
  ['db.name()', 'ctx.db.name needs a text as the name of the table, not undefined.'],
  ["db.table('')", 'ctx.db.table needs a text as the name of the table, not an empty text.'],
  ["db.tx('select 1')", 'ctx.db.tx needs a function as its work, not "select 1".'],
  ["settings.set('key', 'value')", 'ctx.settings.set needs an object as the values, not "key".'],
  ['settings.secret()', 'ctx.settings.secret needs a text as the name of the setting, not undefined.'],
  ['settings.onChange()', 'ctx.settings.onChange needs a function as its listener, not undefined.'],
  ['secrets.get()', 'ctx.secrets.get needs a text as the name of the secret, not undefined.'],
  ["secrets.set('key', 'value')", 'ctx.secrets.set needs an open transaction as the transaction, not "key".'],
  ["secrets.delete('key')", 'ctx.secrets.delete needs an open transaction as the transaction, not "key".'],
  ['http.portal((router) => {})', 'ctx.http.portal needs an array of routes as its routes, not a function.'],
  ["http.portal([], 'kb')", 'ctx.http.portal needs a path that begins with / as their address, not "kb".'],
  [
    "http.desk([{ method: 'GET', path: '/' }])",
    'ctx.http.desk needs one of get, post, put, patch, delete as method of item 0 of its routes, not "GET".',
  ],
  [
    "http.admin([{ method: 'get', path: 'x' }])",
    'ctx.http.admin needs a path that begins with / as path of item 0 of its routes, not "x".',
  ],
  ["http.api([{ method: 'get', path: '/' }])", 'ctx.http.api needs a function as handler of item 0 of its routes, not undefined.'],
  ["ui.slot('ticket.sidebar', 'card')", 'ctx.ui.slot needs an object as what fills it, not "card".'],
  ["ui.slot('ticket.sidebar', { template: 'card', load: {} })", 'ctx.ui.slot needs a function as load of what fills it, not an object.'],
  [
    "ui.menu({ area: 'sidebar', label: 'x', href: '/' })",
    'ctx.ui.menu needs one of portal, desk, admin as area of the item, not "sidebar".',
  ],
  ["ui.helper('bad-x')", 'ctx.ui.helper needs a function as what it does, not undefined.'],
  ["jobs.define('tick')", 'ctx.jobs.define needs a function as what it does, not undefined.'],
  ["jobs.define('tick', () => {}, { everyMs: '1h' })", 'ctx.jobs.define needs milliseconds above 0 as everyMs of its options, not "1h".'],
  ["jobs.enqueue({ name: 'tick' })", 'ctx.jobs.enqueue needs an open transaction as the transaction, not an object.'],
  ["events.record('ticket.opened', {})", 'ctx.events.record needs an open transaction as the transaction, not "ticket.opened".'],
  ["cli({ name: 'bad', summary: 'Does it.' })", 'ctx.cli needs a function as run of the command, not undefined.'],
  ['health([])', 'ctx.health needs a function as its check, not an array.'],
  ['doctor(() => [])', 'ctx.doctor needs a text as the id of the check, not a function.'],
  ['privacy.declare({ export() {} })', 'ctx.privacy.declare needs a function as erase of its answer, not undefined.'],
];

describe('a wrong call of a plugin', () => {
  let desk: TestDesk;
  before(async () => {
    desk = await createTestDesk({ findsInstalled: true });
  });
  after(() => desk.close());

  const activate = async (activation: string, files: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const id = `bad-${count}`;
    count += 1;
    writePlugin(path.join(desk.database.folder, 'plugins'), { id, activate: activation, files });
    const error: unknown = await desk.app.plugins.activate(id).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await desk.app.plugins.deactivate(id);
    const { message } = (error as { details?: { message?: string } } | undefined)?.details ?? {};
    return message?.replace(`${id}: `, '');
  };
  let count = 0;

  for (const [call, sentence] of calls)
    it(`is refused with one sentence: ctx.${call}`, async () => {
      expect(await activate(`ctx.${call};`)).to.equal(sentence);
    });

  it('is tested for each call that is checked', () => {
    const tested = new Set(calls.map(([call]) => call.split('(')[0]));
    expect(Object.keys(pluginCalls).filter((call) => !tested.has(call))).to.deep.equal([]);
  });

  it('is refused as well where the plugin catches the error, and its other calls are undone', async () => {
    expect(await activate("ctx.hooks.on('ticket.opened', () => {}); try { ctx.ui.menu(); } catch {}")).to.equal(
      'ctx.ui.menu needs an object as the item, not undefined.',
    );
    expect(desk.app.desk.hooks.inspect().flatMap(({ handlers }) => handlers.map(({ plugin }) => plugin))).to.not.include.members([
      `bad-${count - 1}`,
    ]);
  });

  it('is refused in the definition: what should be a function', async () => {
    const source = `export default { activate() {}, install: 'later' };`;
    expect(await activate('', { 'index.js': source })).to.equal('install in the main file must be a function.');
  });

  for (const [settings, sentence] of [
    ["'word'", 'settings in the main file needs an object as its schema, not "word".'],
    ["{ word: 'text' }", 'settings in the main file needs an object as word of its schema, not "text".'],
    [
      "{ word: { type: 'text' } }",
      'settings in the main file needs one of string, integer, number, boolean, array as type of word of its schema, not "text".',
    ],
    ["{ days: { type: 'integer', minimum: 'one' } }", 'its settings are no JSON schema: minimum value must be ["number"].'],
    [
      "{ word: { type: 'string', pattern: '(' } }",
      'its settings are no JSON schema: Invalid regular expression: /(/u: Unterminated group.',
    ],
  ])
    it(`is refused in the definition: settings ${settings}`, async () => {
      expect(await activate('', { 'index.js': `export default { settings: ${settings}, activate() {} };` })).to.equal(sentence);
    });

  it('leaves right ones alone', async () => {
    expect(await activate("ctx.hooks.on('ticket.opened', () => {}); ctx.own(() => {}); ctx.jobs.define('tick', async () => {});")).to.equal(
      undefined,
    );
  });
});
