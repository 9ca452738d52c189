import type { Knex } from 'knex';
import type { Storage } from './types.ts';

/** One of several lists that are read in a single query; `columns` says what each row holds. */
export interface ListQuery<Row = unknown> {
  readonly query: Knex.QueryBuilder;
  readonly columns: Readonly<Record<string, string>>;
  /** Never set: carries the type of the rows. */
  readonly row?: Row;
}

type Rows<T> = { readonly [K in keyof T]: T[K] extends ListQuery<infer Row> ? readonly Row[] : never };

/** Names a list for `readLists`. On SQLite a boolean comes as 0 or 1, and JSON columns come as text on both engines. */
export function listOf<Row>(query: Knex.QueryBuilder, columns: { readonly [K in keyof Row]: string }): ListQuery<Row> {
  return { query, columns };
}

/**
 * Reads small lists that a page needs in one round trip: each becomes a JSON array in one row. A page
 * that shows tags, files, people and counters would otherwise ask the database a dozen times.
 */
export async function readLists<T extends Record<keyof T, ListQuery>>(
  { read, dialect }: Pick<Storage, 'read' | 'dialect'>,
  lists: T,
): Promise<Rows<T>> {
  const [object, array] = dialect === 'postgres' ? ['json_build_object', 'json_agg'] : ['json_object', 'json_group_array'];
  const columns = Object.entries<ListQuery>(lists).map(([name, list]) => {
    const entries = Object.entries(list.columns);
    void list.query.select(Object.fromEntries(entries));
    const pairs = entries.map(() => '?, ??').join(', ');
    // PostgreSQL cannot guess the type of a bound key, so each is said to be text.
    const typed = dialect === 'postgres' ? pairs.replaceAll('?, ??', '?::text, ??') : pairs;
    const text = dialect === 'postgres' ? '::text' : '';
    return read.raw(`(select coalesce(${array}(${object}(${typed})), '[]')${text} from ? as listed) as ??`, [
      ...entries.flatMap(([key]) => [key, `listed.${key}`]),
      list.query,
      name,
    ]);
  });
  const row: Record<string, string> | undefined = await read.select(columns).first();
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, text]) => [name, JSON.parse(text) as unknown])) as Rows<T>;
}

/** Reads one such list by itself. */
export async function rowsOf<Row>({ query, columns }: ListQuery<Row>): Promise<readonly Row[]> {
  return query.select(columns);
}
