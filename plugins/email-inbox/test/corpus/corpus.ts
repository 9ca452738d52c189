/** One mail of the corpus; the keys of `expect` are explained in the corpus's SOURCES.md. */
export interface CorpusItem {
  readonly id: string;
  readonly file: string;
  readonly stratum: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** An expectation that did not hold, by its key. */
export interface Complaint {
  readonly key: string;
  readonly text: string;
}

/** What came of one item: it passed when there are no complaints. */
export interface Outcome {
  readonly item: CorpusItem;
  readonly complaints: readonly Complaint[];
  /** How long the code under test took. */
  readonly milliseconds: number;
  /** Share of the sender's own words that are not in the reply part; only where the source says which these are. */
  readonly lost?: number;
}

/** Looks at one item; never by its name, file or hash. */
export type FolderCheck = (item: CorpusItem, raw: Uint8Array) => Promise<Omit<Outcome, 'item'>>;

export type KeyChecks<Subject> = Readonly<
  Record<string, (expected: never, subject: Subject) => string | undefined | Promise<string | undefined>>
>;

/** These keys explain an expectation and claim nothing. */
const explaining = new Set(['note', 'evidence', 'hints', 'confirmed_by_public_test', 'signature', 'soft', 'source']);

/** The keys of an item that claim something. */
export function claimsOf(item: CorpusItem): readonly string[] {
  return Object.keys(item.expect).filter((key) => !explaining.has(key));
}

/** Runs the check of every key; a key without a check is a complaint by name. */
export async function checkKeys<Subject>(item: CorpusItem, subject: Subject, checks: KeyChecks<Subject>): Promise<Complaint[]> {
  const complaints: Complaint[] = [];
  for (const key of claimsOf(item)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    const text = check === undefined ? 'no check knows this key' : await check(item.expect[key] as never, subject);
    if (text !== undefined) complaints.push({ key, text });
  }
  return complaints;
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
