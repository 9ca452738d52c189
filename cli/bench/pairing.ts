import type { Binding, Statement } from '@helpdesk/core/operator';
import type { Captured } from './capturing.ts';

/**
 * Makes statements that can be run again and again out of the same work captured twice. What was equal both
 * times stays; a value that an earlier statement of its own run returned, such as a new id, becomes a reference
 * to what that statement returns next time; any other text that differs is made anew, alike but for its digits
 * and letters, so that unique keys hold. Undefined when the two runs did not send the same statements.
 */
export function pairStatements(first: readonly Captured[], second: readonly Captured[]): readonly Statement[] | undefined {
  if (first.length !== second.length || first.some(({ sql }, index) => sql !== second[index]?.sql)) return undefined;
  return first.map(({ sql, bindings, tx }, index) => ({
    sql,
    ...(tx === undefined ? {} : { tx: tx - (first.find((one) => one.tx !== undefined)?.tx ?? 0) }),
    bindings: bindings.map((value, position) => bindingOf(value, second[index]?.bindings[position], first.slice(0, index), second)),
  }));
}

function bindingOf(a: unknown, b: unknown, before: readonly Captured[], other: readonly Captured[]): Binding {
  if (a === b) return { value: a };
  const reference = referenceTo(a, b, before, other);
  if (reference !== undefined) return reference;
  return typeof a === 'string' && typeof b === 'string' ? { like: b, mask: maskOf(a, b) } : { value: b };
}

// Nearest first: the newest statement that returned the value is the one it was taken from. A counter returns
// the number after the one that is used.
function referenceTo(a: unknown, b: unknown, before: readonly Captured[], other: readonly Captured[]): Binding | undefined {
  for (const add of [0, -1]) {
    const isFrom = (returned: unknown, value: unknown): boolean =>
      add === 0 ? returned === value : typeof returned === 'number' && returned + add === value;
    for (let statement = before.length - 1; statement >= 0; statement -= 1) {
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
