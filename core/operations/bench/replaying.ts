import { randomInt } from 'node:crypto';
import type { Reader, Storage, Tx } from '../../storage/index.ts';

/** One value of a statement: as it was, what an earlier statement of the same run returned, or a text made anew. */
export type Binding =
  | { readonly value: unknown }
  | { readonly statement: number; readonly row: number; readonly column: string; readonly add: number }
  | { readonly like: string; readonly mask: string };

/** One statement as the desk sent it. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly Binding[];
  /** Number of its write transaction within the run; absent outside of one. */
  readonly tx?: number;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Runs the statements in their order and transactions and returns the rows of each. */
export async function replay(storage: Storage, statements: readonly Statement[]): Promise<readonly Rows[]> {
  const results: Rows[] = [];
  const made = new Map<string, string>();
  for (let next = 0; next < statements.length;) {
    const { tx } = statements[next] ?? {};
    const end = endOfTransaction(statements, next);
    const run = async (reader: Reader): Promise<void> => {
      for (const statement of statements.slice(next, end)) results.push(await rowsOf(storage, reader, statement, results, made));
    };
    if (tx === undefined) await run(storage.read);
    else await storage.writeTx((open: Tx) => run(open));
    next = end;
  }
  return results;
}

function endOfTransaction(statements: readonly Statement[], start: number): number {
  let end = start + 1;
  while (end < statements.length && statements[end]?.tx === statements[start]?.tx) end += 1;
  return end;
}

async function rowsOf(
  { dialect }: Storage,
  reader: Reader,
  { sql, bindings }: Statement,
  results: readonly Rows[],
  made: Map<string, string>,
): Promise<Rows> {
  // Captured statements of PostgreSQL carry $1, which Knex would take for text.
  const text = dialect === 'postgres' ? sql.replaceAll('?', '\\?').replaceAll(/\$\d+/g, '?') : sql;
  const values = bindings.map((binding) => valueOf(binding, results, made));
  const result: unknown = await reader.raw(text, values as never);
  const rows = typeof result === 'object' && result !== null && 'rows' in result ? result.rows : result;
  return Array.isArray(rows) ? (rows as Rows) : [];
}

function valueOf(binding: Binding, results: readonly Rows[], made: Map<string, string>): unknown {
  if ('value' in binding) return binding.value;
  if ('statement' in binding) {
    const returned = results[binding.statement]?.[binding.row]?.[binding.column];
    return binding.add === 0 ? returned : Number(returned) + binding.add;
  }
  const { like, mask } = binding;
  const text = made.get(like) ?? like.replaceAll(/[^]/g, (letter, index: number) => (mask[index] === 'x' ? anew(letter) : letter));
  made.set(like, text);
  return text;
}

// Hexadecimal stays hexadecimal, and a number in JSON gets no leading zero.
function anew(letter: string): string {
  if (/\d/.test(letter)) return String(randomInt(1, 10));
  if (/[a-f]/.test(letter)) return 'abcdef'.charAt(randomInt(6));
  if (/[a-z]/.test(letter)) return String.fromCodePoint(97 + randomInt(26));
  if (/[A-Z]/.test(letter)) return String.fromCodePoint(65 + randomInt(26));
  return letter;
}
