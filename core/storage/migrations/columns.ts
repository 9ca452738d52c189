import type { Knex } from 'knex';
import type { Tx } from '../types.ts';

/** Columns that most tables share, so that times and versions look the same everywhere. */
export function id(table: Knex.CreateTableBuilder): void {
  table.bigIncrements('id');
}

/** Milliseconds since the Unix epoch, UTC. */
export function time(table: Knex.CreateTableBuilder, name: string): Knex.ColumnBuilder {
  return table.bigInteger(name);
}

export function created(table: Knex.CreateTableBuilder): void {
  time(table, 'created_at').notNullable();
}

export function touched(table: Knex.CreateTableBuilder): void {
  created(table);
  time(table, 'updated_at').notNullable();
}

/** For optimistic locking: every edit adds one. */
export function version(table: Knex.CreateTableBuilder): void {
  table.integer('version').notNullable().defaultTo(1);
}

/** JSON is stored as text on both databases; the repositories parse it. */
export function json(table: Knex.CreateTableBuilder, name: string, fallback: string): void {
  table.text(name).notNullable().defaultTo(fallback);
}

export interface Reference {
  readonly to: string;
  readonly onDelete?: 'CASCADE' | 'SET NULL';
  readonly isOptional?: boolean;
}

export function reference(table: Knex.CreateTableBuilder, name: string, { to, onDelete, isOptional }: Reference): void {
  const column = table.bigInteger(name).references('id').inTable(to);
  if (onDelete !== undefined) column.onDelete(onDelete);
  if (isOptional !== true) column.notNullable();
}

/** An index over some rows only, written alike on both databases. */
export async function partialIndex(
  tx: Tx,
  options: { name: string; on: string; columns: string; where: string; isUnique?: boolean },
): Promise<void> {
  await tx.raw(
    `create ${options.isUnique === true ? 'unique ' : ''}index ${options.name} on ${options.on} (${options.columns}) where ${options.where}`,
  );
}
