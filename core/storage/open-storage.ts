import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import { Unavailable } from '../kernel/errors.ts';
import type { Logger } from '../kernel/log.ts';
import { openMigrator as openPostgresMigrator, openPool } from './postgres.ts';
import { openMigrator as openSqliteMigrator, openReaders, openWriter } from './sqlite.ts';
import { listenForChanges } from './change-hint.ts';
import { watchQueries } from './watching-queries.ts';
import { withinLimit } from './tx-limit.ts';
import type { MigrationConnection, Storage, Tx, TxOptions } from './types.ts';

export type StorageOptions = { readonly log: Logger } & ({ readonly url: string } | { readonly file: string });

const migrationLock = 0x68656c70; // "help": one arbitrary number that every process of a desk agrees on

/** Opens the database that the options name: a PostgreSQL URL or a SQLite file. Nothing is migrated here. */
export function openStorage(options: StorageOptions): Storage {
  return 'url' in options ? openPostgres(options.url, options.log) : openSqlite(options.file, options.log);
}

function openSqlite(file: string, log: Logger): Storage {
  const writer = openWriter(file);
  const read = openReaders(file);
  return {
    dialect: 'sqlite',
    read,
    writeTx: (work, options) => runTx(writer, work, log, options),
    onQuery: (listener) => watchQueries([read, writer], listener),
    onChangeHint: () => async () => undefined,
    openMigrationConnection: async () => migrationConnection(openSqliteMigrator(file), log),
    close: async () => {
      await Promise.all([read.destroy(), writer.destroy()]);
    },
  };
}

function openPostgres(url: string, log: Logger): Storage {
  const pool = openPool(url);
  return {
    dialect: 'postgres',
    read: pool,
    writeTx: (work, options) => runTx(pool, work, log, options),
    onQuery: (listener) => watchQueries([pool], listener),
    onChangeHint: (hint) => listenForChanges(url, hint, log),
    openMigrationConnection: async () => {
      const knex = openPostgresMigrator(url);
      await knex.raw('select pg_advisory_lock(?)', [migrationLock]);
      return migrationConnection(knex, log);
    },
    close: () => pool.destroy(),
  };
}

function migrationConnection(knex: Knex, log: Logger): MigrationConnection {
  return { knex, tx: (work) => runTx(knex, work, log), close: () => knex.destroy() };
}

const openTx = new AsyncLocalStorage<Knex>();

const maxTries = 4;

async function runTx<T>(knex: Knex, work: (tx: Tx) => Promise<T>, log: Logger, { limitMs }: TxOptions = {}): Promise<T> {
  // The SQLite writer has one connection: a second transaction inside the first would wait for itself.
  if (openTx.getStore() === knex) throw new Error('writeTx inside writeTx: pass the open transaction on instead.');
  for (let tries = 1; ; tries += 1) {
    const after: (() => void)[] = [];
    try {
      // oxlint-disable-next-line eslint/no-restricted-properties -- the one place that opens transactions
      const result = await knex.transaction(async (trx) => {
        const tx = Object.assign(trx, { afterCommit: (then: () => void) => void after.push(then) });
        const running = openTx.run(knex, () => work(tx));
        return await (limitMs === undefined ? running : withinLimit(running, { knex, trx, limitMs }));
      });
      // Nobody who runs after the commit stands inside the transaction any more.
      openTx.exit(() => runAfterCommit(after, log));
      return result;
    } catch (error) {
      if (isBusy(error)) throw new Unavailable('storage.busy', {}, { cause: error });
      if (tries >= maxTries || !isSerializationFailure(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * tries * tries));
    }
  }
}

function runAfterCommit(after: readonly (() => void)[], log: Logger): void {
  for (const then of after) {
    try {
      then();
    } catch (error) {
      log.error('Work after a commit failed.', { error });
    }
  }
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function isBusy(error: unknown): boolean {
  return errorCode(error) === 'SQLITE_BUSY';
}

// 40001 serialization_failure, 40P01 deadlock_detected (PostgreSQL, appendix A).
function isSerializationFailure(error: unknown): boolean {
  return ['40001', '40P01'].includes(errorCode(error));
}

/** Whether a unique constraint refused the row, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return errorCode(error) === '23505' || (errorCode(error) === 'SQLITE_CONSTRAINT' && /UNIQUE|PRIMARY KEY/.test(message));
}
