/** One mail of the corpus; the keys of `expect` are explained in the corpus's SOURCES.md. */
export interface CorpusItem {
  readonly id: string;
  readonly file: string;
  readonly stratum: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** Reasons why an item failed; none when every key of its expectation was evaluated and held. */
export type FolderCheck = (item: CorpusItem, raw: Uint8Array) => Promise<string[]>;

export type KeyChecks<Subject> = Readonly<Record<string, (expected: never, subject: Subject) => string | undefined>>;

/** These keys explain an expectation and claim nothing. */
const explaining = new Set(['note', 'evidence', 'hints', 'confirmed_by_public_test', 'signature', 'soft', 'source']);

/** Runs the check of every key; a key without a check is a failure by name. */
export function checkKeys<Subject>(item: CorpusItem, subject: Subject, checks: KeyChecks<Subject>): string[] {
  return Object.entries(item.expect).flatMap(([key, expected]) => {
    if (explaining.has(key)) return [];
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) return [`${key}: no check knows this key`];
    const complaint = check(expected as never, subject);
    return complaint === undefined ? [] : [`${key}: ${complaint}`];
  });
}

/** A complaint when the two differ. */
export function differs(expected: unknown, actual: unknown): string | undefined {
  const [wanted, got] = [JSON.stringify(expected), JSON.stringify(actual ?? null)];
  return wanted === got ? undefined : `expected ${shorten(wanted)}, got ${shorten(got)}`;
}

export function shorten(text: string | undefined): string {
  const flat = (text ?? '').replace(/\s+/g, ' ');
  return flat.length > 160 ? `${flat.slice(0, 160)}…` : flat;
}

/** White space folded, as the corpus compares bodies. */
export function fold(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

/** Turns a Python-style pattern of the manifest into a RegExp. */
export function pattern(source: string): RegExp {
  return source.startsWith('(?i)') ? new RegExp(source.slice(4), 'i') : new RegExp(source);
}
