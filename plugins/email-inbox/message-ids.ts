const maxKept = 100;

/**
 * Reads the ids of a Message-ID, In-Reply-To or References value in their order, without brackets.
 * Takes missing brackets, commas and folds inside an id; at most the first and the last 100 are kept (mail.md T2).
 */
export function readMessageIds(value: string | undefined): string[] {
  const text = value ?? '';
  const ids: string[] = [];
  let at = 0;
  let close = -1;
  while (at < text.length) {
    const open = text.indexOf('<', at);
    pushBare(ids, text.slice(at, open < 0 ? text.length : open));
    if (open < 0) break;
    // Found once and reused, so that a value full of opening brackets costs one pass.
    if (close < open) close = nextOrEnd(text, '>', open);
    const next = text.indexOf('<', open + 1);
    const stop = next >= 0 && next < close ? next : close;
    const id = text.slice(open + 1, stop).replace(/\s+/g, '');
    if (id !== '') ids.push(id);
    at = text[stop] === '>' ? stop + 1 : stop;
  }
  const [first] = ids;
  return first === undefined || ids.length <= maxKept + 1 ? ids : [first, ...ids.slice(-maxKept)];
}

function nextOrEnd(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
}

function pushBare(ids: string[], text: string): void {
  for (const word of text.split(/[\s,;>]+/)) {
    if (word.includes('@') && !word.startsWith('@') && !word.endsWith('@')) ids.push(word.replace(/^["(]+|[")]+$/g, ''));
  }
}

/** The ids to look up for threading, in order: In-Reply-To, then References from right to left, each once. */
export function threadCandidates(inReplyTo: readonly string[], references: readonly string[]): string[] {
  return [...new Set([...inReplyTo, ...references.toReversed()])];
}
