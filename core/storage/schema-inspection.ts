import type { Dialect, Reader } from './types.ts';

/** Names of the ordinary tables, sorted. */
export async function tableNames(reader: Reader, dialect: Dialect): Promise<readonly string[]> {
  const rows: readonly { name: string }[] =
    dialect === 'postgres'
      ? await reader('pg_tables').whereRaw('schemaname = current_schema()').select({ name: 'tablename' })
      : await reader('sqlite_master').where({ type: 'table' }).whereNot('name', 'like', 'sqlite_%').select('name');
  return rows.map((row) => row.name).toSorted();
}
