import { parseMail } from '../../parsing.ts';
import { readForwarded } from '../../forwarding.ts';
import { splitReply, type SplitReply } from '../../quoting.ts';
import { decodeText } from '../../charset.ts';
import { checkKeys, fold, shorten, type FolderCheck, type KeyChecks } from './corpus.ts';

interface Subject {
  readonly text: string;
  readonly shown: string;
  readonly split: SplitReply;
  readonly milliseconds: number;
}

export const checkTrimming: FolderCheck = async (item, raw) => {
  const text = item.file.endsWith('.eml') ? (await parseMail(raw)).text : decodeText(raw);
  const started = performance.now();
  const split = splitReply({ text });
  const milliseconds = performance.now() - started;
  // A source that keeps signatures also keeps forwarded messages; compared is what the desk shows unfolded.
  const keepsSignature = item.expect['signature'] === 'kept';
  const kinds = keepsSignature ? ['reply', 'signature', 'forward'] : ['reply'];
  const shown = keepsSignature
    ? split.parts
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ start, end }) => text.slice(start, end))
        .join('')
    : split.replyText;
  const wanted = item.expect['trimmed'];
  return {
    complaints: await checkKeys(item, { text, shown, split, milliseconds }, checks),
    milliseconds,
    ...(typeof wanted === 'string' ? { lost: lostShare(wanted, shown) } : {}),
  };
};

/** The share of the sender's own words that are missing from what is shown; quoted lines are somebody else's. */
function lostShare(wanted: string, shown: string): number {
  const words = fold(wanted.replaceAll(/^[ \t]*>.*$/gm, ''))
    .split(' ')
    .filter(Boolean);
  const left = new Map<string, number>();
  for (const word of fold(shown).split(' ')) left.set(word, (left.get(word) ?? 0) + 1);
  const missing = words.filter((word) => {
    const count = left.get(word) ?? 0;
    left.set(word, count - 1);
    return count <= 0;
  });
  return words.length === 0 ? 0 : missing.length / words.length;
}

const equal = (expected: string, actual: string): string | undefined =>
  fold(expected) === fold(actual) ? undefined : `expected ${shorten(expected)} got ${shorten(actual)}`;

const checks: KeyChecks<Subject> = {
  match: (expected: string) => (['exact', 'contains', 'time'].includes(expected) ? undefined : 'unknown way to compare'),
  // A whole mail is read first; what is compared is its text.
  input: (expected: string) => (/^first text\/plain part\b/.test(expected) ? undefined : `unknown input ${expected}`),
  trimmed: (expected: string, { shown }) => equal(expected, shown),
  contains: (expected: string[], { shown }) =>
    expected.filter((part) => !fold(shown).includes(fold(part))).map((part) => `lost ${shorten(part)}: ${shorten(shown)}`)[0],
  not_contains: (expected: string[], { shown }) =>
    expected.filter((part) => fold(shown).includes(fold(part))).map((part) => `kept ${shorten(part)}: ${shorten(shown)}`)[0],
  elided: (expected: string, { split, text }) =>
    equal(
      expected,
      split.parts
        .filter(({ kind }) => kind !== 'reply')
        .map(({ start, end }) => text.slice(start, end))
        .join('\n'),
    ),
  embedded: (expected: string, { text }) => equal(expected, readForwarded(text)?.block ?? ''),
  before_embedded: (expected: string, { text }) => equal(expected, readForwarded(text)?.before ?? ''),
  max_ms: (expected: number, { milliseconds }) => (milliseconds <= expected ? undefined : `took ${Math.round(milliseconds)} ms`),
};
