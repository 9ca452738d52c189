import knex, { type Knex } from 'knex';
import pg from 'pg';

const int8 = 20;

// Ids, counts and times are bigint in the database and fit a double for the next 285,000 years.
const types = {
  getTypeParser(oid: number, format?: string): (value: string) => unknown {
    if (oid === int8) return Number;
    return pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as (value: string) => unknown;
  },
};

/** A pool for requests and jobs. */
export function openPool(url: string, max = 10): Knex {
  return open(url, { min: 0, max }, { statement_timeout: 30_000, idle_in_transaction_session_timeout: 30_000 });
}

/** One connection for migrations; its advisory lock dies with it. */
export function openMigrator(url: string): Knex {
  return open(url, { min: 0, max: 1 }, { statement_timeout: 0, lock_timeout: 0 });
}

function open(url: string, pool: { min: number; max: number }, session: Readonly<Record<string, number>>): Knex {
  return knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'helpdesk', types, ...session },
    // Knex would print on stdout what it throws as well.
    log: { warn: () => undefined, error: () => undefined },
    acquireConnectionTimeout: 30_000,
    pool: { ...pool, idleTimeoutMillis: 30_000 },
  });
}
