import { expect } from 'chai';
import { onDatabase } from './database.js';
import { PluginDesk, running, type TestHost } from './plugin-desk.js';
import { errorOf } from './support.js';

const table = (name: string, body = 'table.increments("id");') => `await tx.schema.createTable(${name}, (table) => { ${body} });`;
const step = (...lines: readonly string[]) => `export async function up(tx, t) { ${lines.join('\n')} }`;

describe('migrations of a plugin', () => {
  let desk: PluginDesk;
  let host: TestHost;

  beforeEach(async () => {
    expect(onDatabase).to.be.a('function');
    desk = await PluginDesk.create();
    host = desk.process('web-1');
    await host.start();
  });
  afterEach(() => desk.close());

  const add = (id: string, migrations: Readonly<Record<string, string>>, version = '1.0.0') =>
    desk.add(id, { version, manifest: { db: { slug: id, migrations: './migrations' } }, migrations });
  const hasTable = (name: string) => desk.storage.read.schema.hasTable(name);
  const refusal = async (id: string) => ((await errorOf(host.activate(id))) as Error).message;

  it('run sorted, once, with names that carry the prefix', async () => {
    await add('kb', {
      '0002-b.js': step(table('t("b")', 'table.increments("id"); table.integer("a_id").references("id").inTable(t("a"));')),
      '0001-a.js': step(table('t("a")')),
    });

    await host.activate('kb');
    await host.deactivate('kb');
    await host.activate('kb');

    expect(await hasTable('p_kb_a')).to.equal(true);
    expect(await desk.storage.read('migrations').where({ owner: 'kb' }).orderBy('name').pluck('name')).to.deep.equal(['0001-a', '0002-b']);
  });

  it('leave nothing of a step that fails half-way, and the plugin off', async () => {
    await add('kb', { '0001-a.js': step(table('t("a")')), '0002-b.js': step(table('t("b")'), 'throw new Error("half-way");') });

    expect(await refusal('kb')).to.include('0002-b failed and was undone: half-way');
    expect([await hasTable('p_kb_a'), await hasTable('p_kb_b')]).to.deep.equal([true, false]);
    expect(running(host)).to.equal('');
    expect(await desk.row('kb')).to.include({ isDesired: false });
  });

  it('cannot create or drop tables of others', async () => {
    await add('maker', { '0001.js': step(table('"p_other_things"')) });
    await add('dropper', { '0001.js': step('await tx.schema.dropTable("idempotency_keys");') });

    expect(await refusal('maker')).to.include('p_other_things');
    expect(await refusal('dropper')).to.include('idempotency_keys');
    expect([await hasTable('p_other_things'), await hasTable('idempotency_keys')]).to.deep.equal([false, true]);
  });

  it('keep the child rows when a parent table is rebuilt', async () => {
    await add('kb', {
      '0001.js': step(
        table('t("a")', 'table.increments("id"); table.string("x"); table.string("y");'),
        table(
          't("b")',
          'table.increments("id"); table.integer("a_id").notNullable().references("id").inTable(t("a")).onDelete("CASCADE");',
        ),
        'await tx(t("a")).insert({ id: 1, x: "x", y: "y" });',
        'await tx(t("b")).insert([{ a_id: 1 }, { a_id: 1 }]);',
      ),
      '0002.js': step(
        'await tx.schema.alterTable(t("a"), (table) => { table.dropColumn("x"); });',
        'await tx.schema.alterTable(t("a"), (table) => { table.string("y", 50).notNullable().alter(); });',
      ),
    });

    await host.activate('kb');

    expect(await desk.storage.read('p_kb_b').count({ n: '*' }).first()).to.deep.equal({ n: 2 });
  });

  it('refuse names that PostgreSQL would cut', async () => {
    const long = 'i'.repeat(64);
    await add('index', { '0001.js': step(table('t("a")', `table.integer("n"); table.index(["n"], "${long}");`)) });
    await add('table', { '0001.js': step(table(`t("${'t'.repeat(60)}")`)) });
    await add('file', { [`${long}.js`]: step(table('t("a")')) });

    for (const [id, words] of [
      ['index', long],
      ['table', '63 bytes'],
      ['file', '63 bytes'],
    ] as const)
      expect(await refusal(id), id).to.include(words);
    expect(await hasTable('p_index_a')).to.equal(false);
  });

  it('refuse an edited step and an older version, in a sentence, with the desk up', async () => {
    await add('edited', { '0001.js': step(table('t("a")')) });
    await add('older', { '0001.js': step(table('t("a")')), '0002.js': step(table('t("b")')) }, '2.0.0');
    await add('fine', { '0001.js': step(table('t("a")')) });
    for (const id of ['edited', 'older', 'fine']) await host.activate(id);
    await host.stop();

    // A module is imported once per process, so the other version of the desk gets other folders.
    const later = await PluginDesk.beside(desk);
    const addLater = (id: string, source: string) =>
      later.add(id, { manifest: { db: { slug: id, migrations: './migrations' } }, migrations: { '0001.js': source } });
    await addLater('edited', step(table('t("a")'), table('t("more")')));
    await addLater('older', step(table('t("a")')));
    await addLater('fine', step(table('t("a")')));
    const restarted = later.process('restarted');
    await restarted.start();

    expect(running(restarted)).to.equal('fine');
    expect((await later.row('edited'))?.lastError).to.include('0001 was edited after it ran');
    expect((await later.row('older'))?.lastError)
      .to.include('2.0.0')
      .and.to.include('newer');
    await later.close();
  });
});
