import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../log.ts';
import { systemClock } from '../kernel/clock.ts';
import { coreVersion } from '../paths.ts';
import { migrateCore, openStorage, tableNames, type Storage } from '../storage/index.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

export type TestDatabase = 'sqlite' | 'postgres';

/** Which database this run is for; the test command runs the suite once for each. */
export function testDatabase(): TestDatabase {
  return process.env['HELPDESK_TEST_DATABASE'] === 'postgres' ? 'postgres' : 'sqlite';
}

export interface DatabaseHandle {
  readonly database: TestDatabase;
  /** For child processes: `HELPDESK_DATA` and, on PostgreSQL, `DATABASE_URL`. */
  readonly folder: string;
  readonly url: string | undefined;
  open(): Storage;
  remove(): void;
}

// In memory where the system offers it: tests end processes, not the machine, so nothing has to reach a disk.
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const silent = createLogger('silent', systemClock, () => undefined);

let template: Promise<string> | undefined;
let server: Promise<TestPostgres> | undefined;

/** A database of its own with the schema in place (or empty): a copied SQLite file, or a cleaned PostgreSQL database. */
export async function createDatabase(
  database: TestDatabase = testDatabase(),
  state: 'migrated' | 'empty' = 'migrated',
): Promise<DatabaseHandle> {
  const folder = mkdtempSync(path.join(scratch, 'helpdesk-test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (database === 'sqlite') {
    const file = path.join(folder, 'helpdesk.sqlite');
    if (state === 'migrated') cpSync(await sqliteTemplate(), file);
    return { database, folder, url: undefined, open: () => openStorage({ file, log: silent }), remove };
  }
  server ??= startPostgres();
  const postgres = await server;
  const { url, giveBack } =
    state === 'empty' ? { url: await postgres.freshDatabase(), giveBack: () => undefined } : await postgres.borrowDatabase(migrate, clean);
  return {
    database,
    folder,
    url,
    open: () => openStorage({ url, log: silent }),
    remove: () => {
      remove();
      giveBack();
    },
  };
}

async function sqliteTemplate(): Promise<string> {
  template ??= (async () => {
    const folder = mkdtempSync(path.join(scratch, 'helpdesk-template-'));
    mkdirSync(folder, { recursive: true });
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'template.sqlite');
    const storage = openStorage({ file, log: silent });
    await migrateCore(storage, coreVersion);
    await storage.writeTx((tx) => tx.raw('select 1'));
    await storage.close();
    return file;
  })();
  return template;
}

async function migrate(url: string): Promise<void> {
  const storage = openStorage({ url, log: silent });
  await migrateCore(storage, coreVersion);
  await storage.close();
}

const seeded = new Set(['migrations', 'roles', 'ticket_statuses', 'views', 'ticket_numbers', 'kernel_state']);

// TRUNCATE takes 50 to 270 ms on some forty tables, one multi-statement DELETE 3 ms.
async function clean(url: string): Promise<void> {
  const storage = openStorage({ url, log: silent });
  try {
    // What a killed process began still runs on the server, and would write after the cleaning.
    await storage.read.raw(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    const tables = await tableNames(storage.read, 'postgres');
    const plugin = tables.filter((name) => name.startsWith('p_'));
    const emptied = tables.filter((name) => !seeded.has(name) && !name.startsWith('p_'));
    await storage.read.raw(
      [
        ...plugin.map((name) => `drop table "${name}" cascade`),
        "set session_replication_role = 'replica'",
        ...emptied.map((name) => `delete from "${name}"`),
        "set session_replication_role = 'origin'",
        "delete from migrations where owner <> 'core'",
        'delete from roles where not is_builtin',
        'delete from views where not is_builtin',
        'update ticket_numbers set next = 1001',
        'update kernel_state set generation = 1',
        "update roles set permissions = '[]' where key = 'customer'",
      ].join('; '),
    );
  } finally {
    await storage.close();
  }
}
