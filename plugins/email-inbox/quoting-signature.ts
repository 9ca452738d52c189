import type { TextPart } from './quoting-text.ts';

const fewestMails = 2;
const fewestLines = 2;
const mostLines = 15;
// Signatures stand near the end, above the quote at most.
const comparedCharacters = 20_000;

/**
 * Marks as signature what the sender's own words end with, when at least two earlier mails of the same sender end so too
 * (mail.md R5). A signature that was found by its mark stays; at least one line of the reply is always left.
 */
export function withKnownTail(text: string, parts: readonly TextPart[], earlier: readonly string[]): readonly TextPart[] {
  if (earlier.length < fewestMails || parts.some(({ kind }) => kind === 'signature')) return parts;
  const at = parts.findIndex(({ kind }) => kind === 'reply');
  const reply = parts[at];
  // Words below a quote are an answer to it and no signature.
  if (reply === undefined || parts.some(({ kind }, index) => index > at && kind === 'reply')) return parts;
  const own = linesOf(text, reply);
  const counts = earlier.map((other) => sharedTail(own, bareLines(other))).toSorted((a, b) => b - a);
  const shared = Math.min(counts[fewestMails - 1] ?? 0, own.length - 1);
  const first = own[own.length - shared];
  if (shared < fewestLines || first === undefined) return parts;
  return [
    ...parts.slice(0, at),
    { kind: 'reply', start: reply.start, end: first.start },
    { kind: 'signature', start: first.start, end: reply.end },
    ...parts.slice(at + 1),
  ];
}

interface FilledLine {
  readonly text: string;
  readonly start: number;
}

function linesOf(text: string, { start, end }: TextPart): readonly FilledLine[] {
  const lines: FilledLine[] = [];
  let at = start;
  for (const raw of text.slice(start, end).split('\n')) {
    if (raw.trim() !== '') lines.push({ text: raw.trim(), start: at });
    at += raw.length + 1;
  }
  return lines;
}

function bareLines(text: string): readonly string[] {
  return text
    .slice(0, comparedCharacters)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** How many lines at the end of `own` stand in the same order in another mail, at its end or above its quote. */
function sharedTail(own: readonly FilledLine[], other: readonly string[]): number {
  const last = own.at(-1)?.text;
  let most = 0;
  for (let end = other.length - 1; end >= 0; end -= 1) {
    if (other[end] !== last || !endsWords(other, end)) continue;
    let count = 0;
    while (count < mostLines && count < own.length && own[own.length - 1 - count]?.text === other[end - count]) count += 1;
    most = Math.max(most, count);
  }
  return most;
}

/** Whether a line is the last one before a quote or the end. */
function endsWords(lines: readonly string[], at: number): boolean {
  const next = lines[at + 1];
  return next === undefined || next.startsWith('>') || /[:：]$|^[-_]{2,}|^(?:from|von|de|kimden)\b/i.test(next);
}
