import type { Knex } from 'knex';
import type { Dialect, Reader } from '../storage/index.ts';
import { searchWords } from './documents.ts';

export interface Match {
  readonly kind: string;
  readonly ref: number;
  readonly ticketId: number | null;
}

export interface MatchOptions {
  readonly owner?: string;
  readonly kinds: readonly string[];
  readonly limit: number;
  /** A query over ticket ids: only documents of these tickets. */
  readonly within?: Knex.QueryBuilder;
}

// More words than this narrow nothing any more and cost time.
const maxWords = 12;

/** Documents that hold every word of the query, each as a beginning; newest first. No words: no matches. */
export async function matchDocuments(reader: Reader, dialect: Dialect, query: string, options: MatchOptions): Promise<readonly Match[]> {
  const words = searchWords(query).slice(0, maxWords);
  if (words.length === 0) return [];
  const documents = reader('search_documents')
    .where({ owner: options.owner ?? 'core' })
    .whereIn('kind', options.kinds)
    .orderBy('id', 'desc')
    .limit(options.limit)
    .select('kind', 'ref', 'ticket_id');
  if (options.within !== undefined) void documents.whereIn('ticket_id', options.within);
  // The words hold only letters and digits, so they need no escaping in either query language.
  if (dialect === 'postgres') void documents.whereRaw("words @@ to_tsquery('simple', ?)", [words.map((word) => `${word}:*`).join(' & ')]);
  else
    void documents.whereRaw(
      `id in (select rowid from search_index where search_index match ? order by rowid desc limit ${options.within === undefined ? 2000 : 100_000})`,
      [words.map((word) => `"${word}"*`).join(' ')],
    );
  const rows: { kind: string; ref: number; ticket_id: number | null }[] = await documents;
  return rows.map((row) => ({ kind: row.kind, ref: row.ref, ticketId: row.ticket_id }));
}
