import type { Dialect, Reader } from './types.ts';

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  /** Indexes included; undefined where the database cannot tell. */
  readonly bytes: number | undefined;
}

/** How much lies in each of these tables. */
export async function sizesOf(reader: Reader, dialect: Dialect, names: readonly string[]): Promise<readonly TableSize[]> {
  const bytes = await bytesOf(reader, dialect, names);
  return Promise.all(
    names.map(async (name) => {
      const counted: { readonly n?: number | string } | undefined = await reader(name).count({ n: '*' }).first();
      return { name, rows: Number(counted?.n ?? 0), bytes: bytes.get(name) };
    }),
  );
}

async function bytesOf(reader: Reader, dialect: Dialect, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (names.length === 0) return new Map();
  if (dialect === 'postgres') {
    const { rows }: { readonly rows: readonly { readonly name: string; readonly bytes: number }[] } = await reader.raw(
      'select name, pg_total_relation_size(quote_ident(name)::regclass) as bytes from unnest(?::text[]) as name',
      [[...names]],
    );
    return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  }
  try {
    const rows: readonly { readonly name: string; readonly bytes: number }[] = await reader('dbstat')
      .join('sqlite_master', 'sqlite_master.name', 'dbstat.name')
      .whereIn('sqlite_master.tbl_name', [...names])
      .groupBy('sqlite_master.tbl_name')
      .select({ name: 'sqlite_master.tbl_name' })
      .sum({ bytes: 'dbstat.pgsize' });
    return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  } catch {
    // This build of SQLite has no dbstat.
    return new Map();
  }
}
