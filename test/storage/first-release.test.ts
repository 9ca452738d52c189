import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createApp, readConfig } from '#core/app.js';
import { checkInvariants } from '#core/doctor/index.js';
import { listTickets } from '#core/inbox/index.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { coreMigrations, runMigrations, type Storage } from '#core/storage/index.js';
import { createDatabase, testDatabase, type DatabaseHandle } from '#core/testing/index.js';
import { systemActor } from '#core/users/index.js';

const releases = path.resolve(import.meta.dirname, '../../storage/releases');
type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

describe('a database of the first release', () => {
  let handle: DatabaseHandle;
  let storage: Storage;
  beforeEach(async () => {
    handle = await createDatabase(testDatabase(), 'empty');
  });
  afterEach(async () => {
    await storage.close();
    handle.remove();
  });

  it('is brought up to date with everything in it', async () => {
    storage = testDatabase() === 'sqlite' ? storedFile(handle) : await storedRows(handle);
    const config = { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url };

    const app = await createApp({
      config,
      clock: systemClock,
      log: createLogger('silent', systemClock, () => undefined),
      role: 'command',
      storage,
      pluginFolders: [],
    });

    expect(await checkInvariants(app.desk)).to.deep.equal([]);
    const found = await listTickets(app.desk, systemActor, { filter: 'isik', limit: 10 });
    expect(
      found.items.map(({ number, subject, priority, category, messageCount }) => ({ number, subject, priority, category, messageCount })),
    ).to.deep.equal([{ number: 1001, subject: 'Fatura nerede?', priority: 'high', category: 'waiting', messageCount: 4 }]);
    await app.stop();
  });
});

function storedFile(handle: DatabaseHandle): Storage {
  writeFileSync(path.join(handle.folder, 'helpdesk.sqlite'), gunzipSync(readFileSync(path.join(releases, '0.1.0.sqlite.gz'))));
  return handle.open();
}

// PostgreSQL has no file to keep, but released steps never change: they and the rows are the database.
async function storedRows(handle: DatabaseHandle): Promise<Storage> {
  const storage = handle.open();
  const rows = JSON.parse(readFileSync(path.join(releases, '0.1.0.rows.json'), 'utf8')) as Rows;
  const released = new Set((rows['migrations'] ?? []).filter(({ owner }) => owner === 'core').map(({ name }) => name));
  await runMigrations(storage, { owner: 'core', version: '0.1.0', migrations: coreMigrations.filter(({ name }) => released.has(name)) });
  await storage.writeTx(async (tx) => {
    await tx.raw("set local session_replication_role = 'replica'");
    for (const [table, list] of Object.entries(rows)) {
      if (table === 'migrations') continue;
      await tx(table).delete();
      for (const row of list) await tx(table).insert(await fitting(tx, table, row));
      const { id } = (await tx(table).columnInfo()) as Readonly<Record<string, { readonly defaultValue: unknown }>>;
      if (typeof id?.defaultValue === 'string' && id.defaultValue.startsWith('nextval'))
        await tx.raw("select setval(pg_get_serial_sequence(?, 'id'), (select coalesce(max(id), 1) from ??))", [table, table]);
    }
  });
  return storage;
}

// SQLite keeps 0 and 1 where PostgreSQL keeps booleans, and generated columns fill themselves.
async function fitting(
  tx: Parameters<Parameters<Storage['writeTx']>[0]>[0],
  table: string,
  row: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const columns = (await tx(table).columnInfo()) as Readonly<Record<string, { readonly type: string }>>;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, columns[name]?.type === 'boolean' ? value === 1 : value]));
}
