import { createHash } from 'node:crypto';
import { systemClock } from '../kernel/clock.ts';
import { AppError } from '../kernel/errors.ts';
import { tableNames } from './schema-inspection.ts';
import type { Dialect, Migration, MigrationConnection, Storage, Tx } from './types.ts';

export interface MigrationPlan {
  /** `core` or a plugin id. */
  readonly owner: string;
  /** Version of the code that ships these migrations; named when an older version meets the schema. */
  readonly version: string;
  /** A plugin's tables all begin with it (`p_<slug>_`); absent for core. */
  readonly prefix?: string;
  readonly migrations: readonly Migration[];
  /** Leaves contract steps for later. */
  readonly skipsContract?: boolean;
  /** A newer version that was put back: its steps may stand in the ledger, for they only added. */
  readonly tolerates?: string | undefined;
}

/** A schema that this version cannot work with; the sentence says what to do. */
export class SchemaRefused extends AppError {
  readonly status = 503;

  constructor(code: string, sentence: string, options?: { cause?: unknown }) {
    super(code, { sentence }, options);
    this.message = sentence;
  }
}

interface LedgerRow {
  readonly name: string;
  readonly checksum: string;
  readonly version: string;
}

/**
 * Applies what is missing, one transaction a step, and returns the names it applied.
 *
 * Safe to call from several processes at once: PostgreSQL holds an advisory lock on the connection,
 * SQLite's BEGIN IMMEDIATE lets one in at a time, and each step looks at the ledger again inside.
 *
 * @throws SchemaRefused when the ledger knows steps that the plan lacks, or a step was edited, failed
 * or left its prefix.
 */
export async function runMigrations(storage: Storage, plan: MigrationPlan): Promise<readonly string[]> {
  const connection = await storage.openMigrationConnection();
  try {
    await connection.tx(ensureLedger);
    await refuseNewerSchema(connection, plan);
    const applied: string[] = [];
    for (const migration of plan.migrations) {
      if (plan.skipsContract === true && migration.phase === 'contract') continue;
      if (await applyStep(connection, storage.dialect, plan, migration)) applied.push(migration.name);
    }
    return applied;
  } finally {
    await connection.close();
  }
}

/** Drops every table of the prefix and the owner's ledger rows; needs no code of the plugin. */
export async function dropTables(storage: Storage, owner: string, prefix: string): Promise<readonly string[]> {
  const connection = await storage.openMigrationConnection();
  try {
    return await connection.tx(async (tx) => {
      const own = (await tableNames(tx, storage.dialect)).filter((name) => name.startsWith(prefix));
      for (const name of own) await tx.raw(storage.dialect === 'postgres' ? 'drop table ?? cascade' : 'drop table ??', [name]);
      await tx('migrations').where({ owner }).delete();
      return own;
    });
  } finally {
    await connection.close();
  }
}

async function ensureLedger(tx: Tx): Promise<void> {
  await tx.raw(
    'create table if not exists migrations (owner varchar(40) not null, name varchar(120) not null, checksum varchar(64) not null, version varchar(40) not null, ms integer not null, applied_at bigint not null, primary key (owner, name))',
  );
}

async function refuseNewerSchema(connection: MigrationConnection, plan: MigrationPlan): Promise<void> {
  const rows: readonly LedgerRow[] = await connection
    .knex('migrations')
    .where({ owner: plan.owner })
    .select('name', 'checksum', 'version')
    .orderBy('name');
  const known = new Map(plan.migrations.map((migration) => [migration.name, checksum(migration)]));
  for (const row of rows) {
    const expected = known.get(row.name);
    if (expected === undefined) {
      if (row.version === plan.tolerates) continue;
      throw new SchemaRefused(
        'storage.schema-newer',
        `The database was migrated by ${plan.owner} ${row.version} (step ${row.name}), which is newer than this version ${plan.version}. Start version ${row.version} or later, or restore a backup.`,
      );
    }
    if (expected !== row.checksum) {
      throw new SchemaRefused(
        'storage.migration-edited',
        `${plan.owner}: the migration ${row.name} was edited after it ran. Restore the file or add a new migration.`,
      );
    }
  }
}

async function applyStep(connection: MigrationConnection, dialect: Dialect, plan: MigrationPlan, migration: Migration): Promise<boolean> {
  const started = performance.now();
  try {
    return await connection.tx(async (tx) => {
      if (await tx('migrations').where({ owner: plan.owner, name: migration.name }).first()) return false;
      const before = await tableNames(tx, dialect);
      await migration.up(tx, (name) => tableName(plan, name));
      if (plan.prefix !== undefined) refuseForeignTables(plan, migration, before, await tableNames(tx, dialect));
      await refuseBrokenForeignKeys(tx, dialect, plan, migration);
      await tx('migrations').insert({
        owner: plan.owner,
        name: migration.name,
        checksum: checksum(migration),
        version: plan.version,
        ms: Math.round(performance.now() - started),
        applied_at: systemClock.now(),
      });
      return true;
    });
  } catch (error) {
    if (error instanceof SchemaRefused) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SchemaRefused('storage.migration-failed', `${plan.owner}: the migration ${migration.name} failed and was undone: ${reason}`, {
      cause: error,
    });
  }
}

function tableName(plan: MigrationPlan, name: string): string {
  const full = `${plan.prefix ?? ''}${name}`;
  // PostgreSQL cuts longer names silently, and two of them may then meet.
  if (Buffer.byteLength(full) > 63)
    throw new SchemaRefused('storage.name-too-long', `${plan.owner}: the table name ${full} has more than 63 bytes.`);
  return full;
}

function refuseForeignTables(plan: MigrationPlan, migration: Migration, before: readonly string[], after: readonly string[]): void {
  const isForeign = (name: string): boolean => plan.prefix === undefined || !name.startsWith(plan.prefix);
  const created = after.filter((name) => isForeign(name) && !before.includes(name));
  const dropped = before.filter((name) => isForeign(name) && !after.includes(name));
  if (created.length > 0) throw confined(plan, migration, `created ${created.join(', ')}`);
  if (dropped.length > 0) throw confined(plan, migration, `dropped ${dropped.join(', ')}`);
}

function confined(plan: MigrationPlan, migration: Migration, deed: string): SchemaRefused {
  return new SchemaRefused(
    'storage.outside-prefix',
    `${plan.owner}: the migration ${migration.name} ${deed}, outside ${plan.prefix}*, and was undone.`,
  );
}

async function refuseBrokenForeignKeys(tx: Tx, dialect: Dialect, plan: MigrationPlan, migration: Migration): Promise<void> {
  if (dialect === 'postgres') return;
  const broken = (await tx.raw('PRAGMA foreign_key_check')) as readonly unknown[];
  if (broken.length > 0) {
    throw new SchemaRefused(
      'storage.broken-references',
      `${plan.owner}: the migration ${migration.name} leaves ${broken.length} broken references and was undone.`,
    );
  }
}

// White space is left out, so that a reformatted build of the same step stays the same step.
function checksum(migration: Migration): string {
  return createHash('sha256')
    .update((migration.source ?? migration.up.toString()).replaceAll(/\s+/g, ''))
    .digest('hex');
}
