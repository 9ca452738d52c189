import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { createDatabase, testDatabase, type DatabaseHandle } from '#core/testing/index.js';
import { coreMigrations, dropTables, migrateCore, runMigrations, tableNames, type Migration, type Storage } from '#core/storage/index.js';

describe('migrations', () => {
  let handle: DatabaseHandle;
  let storage: Storage;
  beforeEach(async () => {
    handle = await createDatabase(testDatabase(), 'empty');
    storage = handle.open();
  });
  afterEach(async () => {
    await storage.close();
    handle.remove();
  });

  const step = (name: string, up: Migration['up']): Migration => ({ name, up });
  const plan = (migrations: readonly Migration[], version = '1.0.0') => ({ owner: 'demo', version, prefix: 'p_demo_', migrations });
  const notes = step('0001-notes', async (tx, table) => {
    await tx.schema.createTable(table('notes'), (t) => {
      t.increments('id');
      t.text('body');
      t.text('extra');
    });
    await tx.schema.createTable(table('lines'), (t) => {
      t.increments('id');
      t.integer('note_id').references('id').inTable(table('notes')).onDelete('CASCADE');
    });
  });

  it('apply each step once', async () => {
    expect((await migrateCore(storage, '0.1.0')).length).to.be.greaterThan(5);
    expect(await migrateCore(storage, '0.1.0')).to.deep.equal([]);
  });

  it('undo a step that fails half-way, with its ledger row', async () => {
    const broken = step('0001-broken', async (tx, table) => {
      await tx.schema.createTable(table('half'), (t) => void t.increments('id'));
      throw new Error('power cut');
    });

    const code = await runMigrations(storage, plan([broken])).catch((error: { code: string }) => error.code);

    expect(code).to.equal('storage.migration-failed');
    expect(await tableNames(storage.read, storage.dialect)).to.deep.equal(['migrations']);
    expect(await storage.read('migrations')).to.deep.equal([]);
  });

  it('keep child rows when a parent table is rebuilt', async () => {
    await runMigrations(storage, plan([notes]));
    await storage.writeTx(async (tx) => {
      await tx('p_demo_notes').insert({ id: 1, body: 'x' });
      await tx('p_demo_lines').insert({ note_id: 1 });
    });

    await runMigrations(
      storage,
      plan([notes, step('0002-less', (tx, table) => tx.schema.alterTable(table('notes'), (t) => void t.dropColumn('extra')))]),
    );

    expect(await storage.read('p_demo_lines').select('note_id')).to.deep.equal([{ note_id: 1 }]);
  });

  it('refuse what a newer version has migrated, and name that version', async () => {
    await runMigrations(
      storage,
      plan([notes, step('0002-new', (tx, table) => tx.schema.createTable(table('new'), (t) => void t.increments('id')))], '2.3.0'),
    );

    const error = await runMigrations(storage, plan([notes], '1.0.0')).catch((caught: Error & { code: string }) => caught);

    expect(error).to.have.property('code', 'storage.schema-newer');
    expect(String(error)).to.contain('2.3.0');
  });

  it('refuse a step that was edited after it ran', async () => {
    await runMigrations(storage, plan([notes]));

    const code = await runMigrations(
      storage,
      plan([step('0001-notes', (tx) => tx.schema.createTable('p_demo_other', (t) => void t.increments('id')))]),
    ).catch((error: { code: string }) => error.code);

    expect(code).to.equal('storage.migration-edited');
  });

  it('confine a plugin to its prefix', async () => {
    await migrateCore(storage, '0.1.0');

    const created = await runMigrations(
      storage,
      plan([step('0001-foreign', (tx) => tx.schema.createTable('loot', (t) => void t.increments('id')))]),
    ).catch((error: { code: string }) => error.code);
    const dropped = await runMigrations(storage, plan([step('0001-drop', (tx) => tx.schema.dropTable('throttles'))])).catch(
      (error: { code: string }) => error.code,
    );

    expect([created, dropped]).to.deep.equal(['storage.outside-prefix', 'storage.outside-prefix']);
    expect(await tableNames(storage.read, storage.dialect))
      .to.include('throttles')
      .and.not.include('loot');
  });

  it('leave nothing behind when the process is killed in the middle, and run again from there', async function () {
    this.timeout(60_000);
    const core = path.resolve(import.meta.dirname, '../../../core/dist');
    const script = `
      const { openStorage, runMigrations } = await import(${JSON.stringify(path.join(core, 'storage/index.js'))});
      const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
      const storage = openStorage({ ...${JSON.stringify(targetOf(handle))}, log });
      await runMigrations(storage, { owner: 'demo', version: '1.0.0', prefix: 'p_demo_', migrations: [{ name: '0001-notes', source: 'notes', up: async (tx, table) => {
        await tx.schema.createTable(table('half'), (t) => t.increments('id'));
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      } }] });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] });
    const signal = await new Promise((resolve) => child.once('exit', (_code, ended) => resolve(ended)));

    expect(signal).to.equal('SIGKILL');
    expect(await runMigrations(storage, plan([notes]))).to.deep.equal(['0001-notes']);
    expect(await tableNames(storage.read, storage.dialect)).to.have.members(['migrations', 'p_demo_lines', 'p_demo_notes']);
  });

  it("drop a plugin's tables without its code", async () => {
    await runMigrations(storage, plan([notes]));

    expect(await dropTables(storage, 'demo', 'p_demo_')).to.have.members(['p_demo_notes', 'p_demo_lines']);
    expect(await runMigrations(storage, plan([notes]))).to.deep.equal(['0001-notes']);
  });

  for (const [database, released] of [
    ['an empty', 0],
    ['an old', 3],
  ] as const)
    it(`happen once when five processes start at the same moment on ${database} database`, async function () {
      this.timeout(60_000);
      if (released > 0) await runMigrations(storage, { owner: 'core', version: '0.0.1', migrations: coreMigrations.slice(0, released) });
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => migrateInProcess(handle)));

      expect(outcomes.filter((applied) => applied === 'failed')).to.deep.equal([]);
      const ledger: string[] = await storage.read('migrations').where({ owner: 'core' }).pluck('name');
      expect(new Set(ledger).size).to.equal(ledger.length);
      expect(outcomes.flatMap((applied) => (applied === 'failed' ? [] : applied)).toSorted()).to.deep.equal(
        ledger.toSorted().slice(released),
      );
      expect(await storage.read('roles').where({ key: 'admin' })).to.have.length(1);
    });
});

function targetOf(handle: DatabaseHandle): { readonly file: string } | { readonly url: string } {
  return handle.url === undefined ? { file: path.join(handle.folder, 'helpdesk.sqlite') } : { url: handle.url };
}

function migrateInProcess(handle: DatabaseHandle): Promise<readonly string[] | 'failed'> {
  const core = path.resolve(import.meta.dirname, '../../../core/dist');
  const script = `
    const { openStorage, migrateCore } = await import(${JSON.stringify(path.join(core, 'storage/index.js'))});
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const storage = openStorage({ ...${JSON.stringify(targetOf(handle))}, log });
    process.stdout.write(JSON.stringify(await migrateCore(storage, '0.1.0')));
    await storage.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  // Not `exit`: what it printed may still be on its way then.
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0 ? (JSON.parse(output) as string[]) : 'failed')));
}
