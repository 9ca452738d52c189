import { isAnswerLine } from './answer-line.ts';
import { refuseLate, unlimited, type Budget } from './quoting-budget.ts';
import {
  headerRole,
  isAttribution,
  isDated,
  isDeviceFooter,
  isForwardMark,
  isOriginalMark,
  isRule,
  isSignatureMark,
  opensAttribution,
} from './quoting-marks.ts';

/** What a stretch of a mail's text is; `forward` is a forwarded message, which stays visible. */
export type PartKind = 'reply' | 'quote' | 'signature' | 'forward';

/** A stretch of the text as offsets into it, end exclusive. The parts follow one another and cover everything. */
export interface TextPart {
  readonly kind: PartKind;
  readonly start: number;
  readonly end: number;
}

/**
 * Divides a mail's text in one pass over its lines (mail.md R4, R5): quotes with their attributions, forwarded
 * messages, signatures, and what the sender wrote. Text between quoted runs always stays a reply (R2).
 */
export function divideText(text: string, budget = unlimited): TextPart[] {
  const lines = readLines(text, budget);
  const kinds: PartKind[] = lines.map(() => 'reply');
  markQuotes(lines, kinds, budget);
  markSignature(lines, kinds);
  return joinParts(lines, kinds, text.length);
}

interface Line {
  readonly text: string;
  readonly start: number;
  readonly isBlank: boolean;
  readonly isQuoted: boolean;
}

const maxLine = 1000;
const checkedEvery = 256;

function readLines(text: string, budget: Budget): Line[] {
  let start = 0;
  return text.split('\n').flatMap((raw, index) => {
    if (index % checkedEvery === 0) refuseLate(budget);
    const line = toLine(raw, start);
    const shared = sharedFrom(line.text);
    const lines = shared === undefined ? [line] : [toLine(raw.slice(0, shared), start), toLine(raw.slice(shared), start + shared)];
    start += raw.length + 1;
    return lines;
  });
}

function toLine(raw: string, start: number): Line {
  return { text: raw.slice(0, maxLine).replace(/\r$/, ''), start, isBlank: raw.trim() === '', isQuoted: /^\s{0,3}>/.test(raw) };
}

/** Where an attribution begins that a mail program put behind the last words of the reply, on their line. */
function sharedFrom(text: string): number | undefined {
  const place = /.(?:---|\s)\s?On (?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},\s/i.exec(text)?.index;
  if (place === undefined || place === 0 || !/[\p{L}\p{N}]/u.test(text.slice(0, place + 1))) return undefined;
  return isAttribution(text.slice(place + 1).replace(/^[\s-]{1,5}/, '')) ? place + 1 : undefined;
}

function markQuotes(lines: readonly Line[], kinds: PartKind[], budget: Budget): void {
  let at = 0;
  let rounds = 0;
  while (at < lines.length) {
    rounds += 1;
    if (rounds % checkedEvery === 0) refuseLate(budget);
    const line = lines[at];
    if (!line || line.isBlank) {
      at += 1;
      continue;
    }
    if (isForwardMark(line.text) && (!line.isQuoted || isForwardOnly(lines, at))) return fill(kinds, at, lines.length, 'forward');
    if (isAnswerLine(line.text) && !line.isQuoted) return fill(kinds, at, lines.length, 'quote');
    const mark = markAt(lines, at);
    if (mark !== undefined) {
      // An attribution at the very top, without `>` below, stands over an answer whose quote was lost.
      const isAlone =
        lines.slice(0, at).every(({ isBlank }) => isBlank) &&
        attributionEnd(lines, at) === mark &&
        lines[nextFilled(lines, mark)]?.isQuoted !== true;
      const end = isAlone ? mark : endOfQuote(lines, mark);
      fill(kinds, at, end, 'quote');
      at = end;
    } else if (line.isQuoted) {
      at = markRun(lines, kinds, at);
    } else {
      at += 1;
    }
  }
}

/** A whole mail can be quoted and forwarded at once, as Apple Mail does. */
function isForwardOnly(lines: readonly Line[], at: number): boolean {
  return lines.slice(at + 1, at + 8).some(({ text }) => headerRole(text.replace(/^[\s>]{1,8}/, '')) === 'from');
}

/** The index after the attribution, delimiter or header block that begins at a line, or undefined. */
function markAt(lines: readonly Line[], at: number): number | undefined {
  const line = lines[at];
  if (!line || line.isQuoted) return undefined;
  const attribution = attributionEnd(lines, at);
  if (attribution !== undefined) return attribution;
  if (isOriginalMark(line.text)) return at + 1;
  if (isRule(line.text) && headerBlockAt(lines, nextFilled(lines, at + 1))) return at + 1;
  return headerBlockAt(lines, at) ? at + 1 : undefined;
}

const maxAttributionLines = 4;

function attributionEnd(lines: readonly Line[], at: number): number | undefined {
  let joined = '';
  const opens = opensAttribution(lines[at]?.text.trim() ?? '');
  let used = 0;
  for (let index = at; index < lines.length && used < maxAttributionLines && index < at + 8; index += 1) {
    const line = lines[index];
    if (!line || (line.isQuoted && !(used > 0 && closesAttribution.test(line.text)))) return undefined;
    if (line.isBlank) {
      if (!isDated(joined)) return undefined;
      continue;
    }
    if (used > 0 && !line.text.trimStart().startsWith('<') && opensAttribution(line.text.trim()) && isAttribution(line.text))
      return undefined;
    joined += ` ${line.text.trim().replace(/^-{2,5}\s?(?=On\s.{10,300}:$)/, '')}`;
    used += 1;
    if (isAttribution(joined)) return index + 1;
    if (!opens) return undefined;
  }
  return undefined;
}

/** The bracket of an address that was wrapped to the next line looks like a quote mark. */
const closesAttribution = /^\s{0,3}>\s?(?:\p{L}{2,12}\s?){0,2}:\s{0,3}$/u;

function nextFilled(lines: readonly Line[], from: number): number {
  let at = from;
  while (lines[at]?.isBlank === true) at += 1;
  return at;
}

/** At least a sender and one more field, in any language, within six filled lines. */
function headerBlockAt(lines: readonly Line[], at: number): boolean {
  const first = headerRole(lines[at]?.text ?? '');
  if (first === undefined || first === 'other') return false;
  const found = new Set<string>();
  let isAddressed = false;
  let filled = 0;
  for (let index = at; index < lines.length && filled < 6; index += 1) {
    const line = lines[index];
    if (!line || line.isBlank) {
      if (filled > 0 && found.size >= 2) break;
      continue;
    }
    filled += 1;
    const role = headerRole(line.text);
    if (role !== undefined && role !== 'other') found.add(role);
    if (role === 'to' && line.text.includes('@')) isAddressed = true;
  }
  if (found.has('from')) return found.size >= 2 && (first === 'from' || found.size >= 3);
  return first === 'date' && isAddressed && /\d{2}:\d{2}/.test(lines[at]?.text ?? '');
}

/**
 * Where the quote below a mark ends. Below an attribution with `>` lines it ends with them, so that answers below or
 * between stay; without `>` lines the rest of the mail is the quoted message.
 */
function endOfQuote(lines: readonly Line[], from: number): number {
  const first = nextFilled(lines, from);
  if (lines[first]?.isQuoted !== true) return lines.length;
  return runEnd(lines, first);
}

/** The index after a run of quoted lines; a bare link between them was wrapped out of the quote by a mail program. */
function runEnd(lines: readonly Line[], from: number): number {
  let end = from;
  for (let at = from; at < lines.length; at += 1) {
    const line = lines[at];
    if (line?.isQuoted === true) end = at + 1;
    else if (line?.isBlank !== true && !(isWrapped(line?.text ?? '', lines[at - 1]) && lines[nextFilled(lines, at + 1)]?.isQuoted === true))
      break;
  }
  return end;
}

function isWrapped(text: string, above: Line | undefined): boolean {
  if (/^\s{0,3}[<(]?https?:\/\/\S{1,900}[>)]?\.?\s{0,3}>?\s{0,3}$/i.test(text)) return true;
  return above?.isQuoted === true && /https?:\/\/\S{1,900}$/i.test(above.text) && /^\S*[=/&%]\S*$/.test(text.trim());
}

/**
 * A run of `>` lines without attribution: folded at the end of a mail, or between text; at the top it is what the text
 * answers, unless it quotes a notification.
 */
function markRun(lines: readonly Line[], kinds: PartKind[], at: number): number {
  const end = runEnd(lines, at);
  const hasTextBefore = lines.slice(0, at).some(({ isBlank }, index) => !isBlank && kinds[index] === 'reply');
  const isLast = nextFilled(lines, end) >= lines.length;
  const size = end - at;
  const isNotice = lines.slice(at, end).some(({ text }) => isAnswerLine(text));
  if (isNotice || (hasTextBefore && (isLast || size > 1))) fill(kinds, at, end, 'quote');
  return end;
}

function fill(kinds: PartKind[], start: number, end: number, kind: PartKind): void {
  for (let at = start; at < end; at += 1) kinds[at] = kind;
}

const maxSignatureLines = 15;

/** Looks upwards from the end of the reply for the line where the signature begins (mail.md R5). */
function markSignature(lines: readonly Line[], kinds: PartKind[]): void {
  const own = lines.flatMap((line, index) => (kinds[index] === 'reply' && !line.isBlank ? [index] : []));
  const runs = consecutive(own, kinds);
  for (const run of runs) markRunSignature(lines, kinds, run);
}

/** Stretches of reply lines between quotes; each may end with a signature. */
function consecutive(own: readonly number[], kinds: readonly PartKind[]): number[][] {
  const runs: number[][] = [];
  let last = -1;
  for (const index of own) {
    const isApart = last < 0 || kinds.slice(last, index).some((kind) => kind !== 'reply');
    if (isApart) runs.push([index]);
    else runs.at(-1)?.push(index);
    last = index;
  }
  return runs;
}

function markRunSignature(lines: readonly Line[], kinds: PartKind[], run: readonly number[]): void {
  const start = signatureStart(lines, run);
  if (start === undefined) return;
  const end = (run.at(-1) ?? start) + 1;
  fill(kinds, start, end, 'signature');
}

function signatureStart(lines: readonly Line[], run: readonly number[]): number | undefined {
  const first = run[0];
  if (first !== undefined && first > 0 && isSignatureMark(lines[first]?.text ?? '')) return first;
  const tail = run.slice(-maxSignatureLines);
  const marked = tail.find((index) => {
    const text = lines[index]?.text ?? '';
    return isSignatureMark(text) || (isRule(text) && isFooterRule(lines, index, run)) || isDeviceFooter(text);
  });
  const above = marked === undefined ? run : run.filter((index) => index < marked);
  return dashedName(lines, above) ?? footersFrom(lines, run, marked);
}

/** Mail programs stack their footers; the first of the stack is where the signature begins. */
function footersFrom(lines: readonly Line[], run: readonly number[], marked: number | undefined): number | undefined {
  if (marked === undefined) return undefined;
  let place = run.indexOf(marked);
  while (place > 1 && isDeviceFooter(lines[run[place - 1] ?? -1]?.text ?? '')) place -= 1;
  return run[place];
}

/** List servers put a rule of underscores above their footer; a table in a text has one too, but not at the end. */
function isFooterRule(lines: readonly Line[], index: number, run: readonly number[]): boolean {
  const below = run.filter((other) => other > index).length;
  return /^\s{0,8}_/.test(lines[index]?.text ?? '') && below > 0 && below <= 6;
}

/** A last line such as `-Ada Lovelace`. */
function dashedName(lines: readonly Line[], run: readonly number[]): number | undefined {
  const last = run.at(-1);
  if (last === undefined || run.length < 2) return undefined;
  return /^\s{0,3}-\p{Lu}[\p{L}.'-]{1,30}(?:\s\p{Lu}[\p{L}.'-]{0,30}){0,3}\s{0,3}$/u.test(lines[last]?.text ?? '') ? last : undefined;
}

function joinParts(lines: readonly Line[], kinds: readonly PartKind[], length: number): TextPart[] {
  const parts: { kind: PartKind; start: number; end: number }[] = [];
  lines.forEach((line, index) => {
    const kind = kinds[index] ?? 'reply';
    const end = lines[index + 1]?.start ?? length;
    const last = parts.at(-1);
    if (last?.kind === kind) last.end = end;
    else parts.push({ kind, start: line.start, end });
  });
  return parts;
}
