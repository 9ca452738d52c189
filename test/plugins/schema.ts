import type { TestDesk } from '#core/testing/index.js';

/** The whole schema as sorted lines, so that two of them can be compared. */
export async function schemaOf({ storage }: TestDesk): Promise<readonly string[]> {
  if (storage.dialect === 'sqlite') {
    const rows: { type: string; name: string; sql: string | null }[] = await storage.read('sqlite_master').select('type', 'name', 'sql');
    return rows.map(({ type, name, sql }) => `${type} ${name} ${sql ?? ''}`).toSorted();
  }
  const columns = await lines(
    storage,
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') as line
     from information_schema.columns where table_schema = current_schema()`,
  );
  const indexes = await lines(storage, 'select indexdef as line from pg_indexes where schemaname = current_schema()');
  const sequences = await lines(storage, 'select sequencename::text as line from pg_sequences where schemaname = current_schema()');
  return [...columns, ...indexes, ...sequences].toSorted();
}

async function lines(storage: TestDesk['storage'], sql: string): Promise<readonly string[]> {
  const { rows } = (await storage.read.raw(sql)) as { readonly rows: readonly { readonly line: string }[] };
  return rows.map(({ line }) => line);
}
