import type { Binding, Statement } from '@helpdesk/core/operator';
import type { Captured } from './capturing.ts';

/**
 * Makes statements that can be run again and again out of the same work captured twice. What was equal both
 * times stays; a value that an earlier statement of its own run returned, such as a new id, becomes a reference
 * to what that statement returns next time; any other text that differs is made anew, alike but for its digits
 * and letters, so that unique keys hold. Undefined when the two runs did not send the same statements.
 */
export function pairStatements(first: readonly Captured[], second: readonly Captured[]): readonly Statement[] | undefined {
  const pairs = align(first, second);
  if (pairs === undefined) return undefined;
  const [ones, others] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
  return pairs.map(([{ sql, bindings, tx }, other], index) => ({
    sql,
    ...(tx === undefined ? {} : { tx }),
    bindings: bindings.map((value, position) => bindingOf(value, other.bindings[position], ones.slice(0, index), others)),
  }));
}

type Pair = readonly [Captured, Captured];

const mostSkipped = 4;

// What is kept for a second or so is read again whenever that is over, so one run may hold a few reads more.
function align(first: readonly Captured[], second: readonly Captured[]): readonly Pair[] | undefined {
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [first[i], second[j]];
    if (one === undefined && other === undefined) return pairs;
    if (one !== undefined && other !== undefined && one.sql === other.sql) {
      pairs.push([one, other]);
      i += 1;
      j += 1;
      continue;
    }
    const skipOne = readsBefore(first, i, other?.sql);
    const skipOther = readsBefore(second, j, one?.sql);
    if (skipOne === undefined && skipOther === undefined) return undefined;
    if (skipOne !== undefined && skipOne <= (skipOther ?? mostSkipped)) i += skipOne;
    else j += skipOther ?? 0;
  }
}

/** How many reads outside of transactions stand before the next statement with this text. */
function readsBefore(statements: readonly Captured[], start: number, sql: string | undefined): number | undefined {
  for (let skipped = 0; skipped <= mostSkipped; skipped += 1) {
    const statement = statements[start + skipped];
    if (skipped > 0 && statement?.sql === sql) return skipped;
    if (statement === undefined || statement.tx !== undefined) return undefined;
  }
  return undefined;
}

function bindingOf(a: unknown, b: unknown, before: readonly Captured[], other: readonly Captured[]): Binding {
  if (a === b) return { value: a };
  const reference = referenceTo(a, b, before, other);
  if (reference !== undefined) return reference;
  return typeof a === 'string' && typeof b === 'string' ? { like: b, mask: maskOf(a, b) } : { value: b };
}

// Only what a write returned is new each time; the newest such statement is the one the value was taken from.
// A counter returns the number after the one that is used.
function referenceTo(a: unknown, b: unknown, before: readonly Captured[], other: readonly Captured[]): Binding | undefined {
  for (const add of [0, -1]) {
    const isFrom = (returned: unknown, value: unknown): boolean =>
      add === 0 ? returned === value : typeof returned === 'number' && returned + add === value;
    for (let statement = before.length - 1; statement >= 0; statement -= 1) {
      if (!/^(?:insert|update)\b/i.test(before[statement]?.sql ?? '')) continue;
      for (const [row, record] of (before[statement]?.rows ?? []).entries()) {
        const twin = other[statement]?.rows[row];
        if (!isRecord(record) || !isRecord(twin)) continue;
        const column = Object.keys(record).find((key) => isFrom(record[key], a) && isFrom(twin[key], b));
        if (column !== undefined) return { statement, row, column, add };
      }
    }
  }
  return undefined;
}

/** One character for each of `b`: `x` where it is made anew, `.` where it stays. Whole runs of digits change together. */
function maskOf(a: string, b: string): string {
  const skeletonsMatch = a.replaceAll(/\d+/g, '0') === b.replaceAll(/\d+/g, '0');
  if (!skeletonsMatch) return b.replaceAll(/[^]/g, (letter, index: number) => (letter === a[index] ? '.' : 'x'));
  const runs = a.match(/\d+/g) ?? [];
  let run = 0;
  return b.replaceAll(/\d+|\D/g, (part) => (/\d/.test(part) ? (runs[run++] === part ? '.' : 'x') : '.').repeat(part.length));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
