import type { Knex } from 'knex';

/** A transaction lasted longer than it may and was rolled back. */
export class TxTooLong extends Error {
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`The transaction was not over after ${limitMs} ms and was rolled back.`);
    this.name = 'TxTooLong';
    this.limitMs = limitMs;
  }
}

interface Limited {
  readonly knex: Knex;
  readonly trx: Knex.Transaction;
  readonly limitMs: number;
}

/** Settles as `work` does, or rejects with `TxTooLong`, on which Knex rolls back; late statements of `work` are refused then. */
export async function withinLimit<T>(work: Promise<T>, { knex, trx, limitMs }: Limited): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TxTooLong(limitMs));
      void cancelStatement(knex, trx);
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

interface RawConnection {
  /** Of the SQLite driver. */
  interrupt?(): void;
  /** Of the PostgreSQL driver. */
  readonly processID?: number;
}

// The rollback would otherwise wait behind the statement that runs, up to the server's own limit.
async function cancelStatement(knex: Knex, trx: Knex.Transaction): Promise<void> {
  try {
    const connection: RawConnection = await trx.client.acquireConnection();
    if (connection.interrupt !== undefined) connection.interrupt();
    else if (connection.processID !== undefined) await knex.raw('select pg_cancel_backend(?)', [connection.processID]);
  } catch {
    // Nothing was running, or the connection is gone together with its transaction.
  }
}
