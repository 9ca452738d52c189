import type { Knex } from 'knex';

export type Dialect = 'sqlite' | 'postgres';

/** A write transaction. Work that may only follow a commit is handed to `afterCommit`. */
export type Tx = Knex.Transaction & {
  /** Runs after the outermost commit, never after a rollback; errors are reported, not thrown. */
  afterCommit(work: () => void): void;
};

/** Where rows can be read: the reader, or the open transaction. */
export type Reader = Knex | Tx;

export interface Storage {
  readonly dialect: Dialect;
  /** Reads only; on SQLite its connections refuse writes. */
  readonly read: Knex;
  /** One write transaction. On SQLite it holds the only writer, so it never awaits network or plugin hooks. */
  writeTx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;
  /** Hears of every statement, in the asynchronous context of whoever sent it. Returns the function that ends it. */
  onQuery(listener: QueryListener): () => void;
  /**
   * Calls back soon after any process committed a transaction that sent `notifyChange`, and whenever it may have
   * missed that. Only a hint: on SQLite nothing calls, and whoever listens polls as well.
   */
  onChangeHint(hint: () => void): () => Promise<void>;
  /** A connection of its own for migrations: foreign keys off on SQLite, the migration lock held on PostgreSQL. */
  openMigrationConnection(): Promise<MigrationConnection>;
  close(): Promise<void>;
}

export interface TxOptions {
  /**
   * Milliseconds after which the transaction is rolled back, whatever its work still waits for; a statement
   * that is running is cancelled.
   *
   * @throws TxTooLong
   */
  readonly limitMs?: number;
}

export interface QueryListener {
  started(id: string): void;
  ended(id: string): void;
}

export interface MigrationConnection {
  readonly knex: Knex;
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** One schema step. `up` gets the transaction and a function that builds a table name (`t('rules')` is `p_<slug>_rules` for a plugin). */
export interface Migration {
  readonly name: string;
  /** `contract` steps drop what the version before still uses; they wait until no process runs it. */
  readonly phase?: 'expand' | 'contract';
  /** Text the checksum is taken of; without it, the source of `up`. */
  readonly source?: string;
  readonly up: (tx: Tx, table: (name: string) => string) => Promise<void>;
}
