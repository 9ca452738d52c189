import { createRequire } from 'node:module';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import knex, { type Knex } from 'knex';

// Knex always begins with a deferred BEGIN, which fails at once with SQLITE_BUSY when another
// process wrote between its first read and its first write. BEGIN IMMEDIATE waits instead.
// The client class is not part of Knex's typed surface, hence the require.
const require = createRequire(import.meta.url);
const SqliteClient = require('knex/lib/dialects/sqlite3/index.js') as typeof Knex.Client;

interface TransactionInternals {
  begin(connection: unknown): Promise<unknown>;
  query(connection: unknown, sql: string): Promise<unknown>;
}

class ImmediateSqliteClient extends SqliteClient {
  override transaction(...args: Parameters<Knex.Client['transaction']>): Knex.Transaction {
    // oxlint-disable-next-line eslint/no-restricted-properties -- the one override that makes writeTx immediate
    const transaction = super.transaction(...args);
    const internals = transaction as unknown as TransactionInternals;
    const [, , outerTx] = args as readonly unknown[];
    if (!outerTx) internals.begin = (connection) => internals.query(connection, 'BEGIN IMMEDIATE;');
    return transaction;
  }
}

const common = [
  'PRAGMA busy_timeout = 5000',
  'PRAGMA cache_size = -65536',
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
  'PRAGMA cell_size_check = ON',
  'PRAGMA mmap_size = 0',
];

const writerPragmas = [
  ...common,
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  // FULL, because a mail is marked as seen on its server after our commit: a commit lost at power failure would be a lost mail.
  'PRAGMA synchronous = FULL',
  'PRAGMA foreign_keys = ON',
  'PRAGMA secure_delete = FAST',
];

/** The only writing connection of this process. */
export function openWriter(file: string): Knex {
  ensureFile(file);
  return open(file, writerPragmas, { min: 0, max: 1 });
}

/** Reading connections; every statement on them that writes is refused by SQLite. */
export function openReaders(file: string): Knex {
  return open(file, [...common, 'PRAGMA query_only = ON'], { min: 0, max: 4 });
}

/** A connection for migrations: Knex rebuilds tables, and with foreign keys on that cascades deletes into child tables. */
export function openMigrator(file: string): Knex {
  ensureFile(file);
  const pragmas = writerPragmas.map((pragma) => pragma.replace('foreign_keys = ON', 'foreign_keys = OFF').replace('= 5000', '= 60000'));
  return open(file, pragmas, { min: 0, max: 1 });
}

interface RawConnection {
  exec(sql: string, done: (error: Error | null) => void): void;
}

function open(file: string, pragmas: readonly string[], pool: { min: number; max: number }): Knex {
  return knex({
    client: ImmediateSqliteClient,
    connection: { filename: file },
    useNullAsDefault: true,
    // Knex would print on stdout what it throws as well.
    log: { warn: () => undefined, error: () => undefined },
    acquireConnectionTimeout: 60_000,
    pool: {
      ...pool,
      idleTimeoutMillis: 30_000,
      afterCreate: (connection: RawConnection, done: (error: Error | null, connection: RawConnection) => void) => {
        execWithRetry(connection, pragmas.join('; '), 40, (error) => done(error, connection));
      },
    },
  });
}

// Switching to WAL needs a moment alone with the file, and SQLite answers BUSY there without waiting.
function execWithRetry(connection: RawConnection, sql: string, tries: number, done: (error: Error | null) => void): void {
  connection.exec(sql, (error) => {
    if (error !== null && tries > 0 && /SQLITE_BUSY/.test(error.message))
      setTimeout(() => execWithRetry(connection, sql, tries - 1, done), 50);
    else done(error);
  });
}

// Only where there is none: closing any handle of a file takes away all locks that this process has on it (POSIX), and
// whoever looks into an unlocked database from outside deletes the log of changes when it leaves.
function ensureFile(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}
