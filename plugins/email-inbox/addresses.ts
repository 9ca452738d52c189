import { domainToASCII, domainToUnicode } from 'node:url';
import { decodeWords } from './header.ts';

/** A mailbox read from a header: the decoded display name (may be empty) and the address as written, without brackets. */
export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

const maxAddresses = 1000;

/**
 * Reads an address header (RFC 5322 section 3.4): lists, groups, comments, quoted strings, encoded words, IDN.
 * Strict on one point: what stands before `<...>` is a name and never an address, whatever it looks like.
 * Entries without an address are left out; at most 1000 are read.
 */
export function readAddresses(rawValue: string | undefined): MailAddress[] {
  const found: MailAddress[] = [];
  for (const entry of entriesOf(rawValue ?? '')) {
    if (found.length >= maxAddresses) break;
    const address = toAddress(entry);
    if (address) found.push(address);
  }
  return found;
}

interface Entry {
  phrase: string;
  angle: string | undefined;
  comment: string;
}

/** One pass over the characters; brackets, quotes and comments are states, so the time is linear. */
function* entriesOf(text: string): Generator<Entry> {
  let entry: Entry = { phrase: '', angle: undefined, comment: '' };
  let quotesClose = true;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"' && quotesClose) {
      const end = closingQuote(text, at);
      quotesClose = end > at;
      const quoted = text.slice(at, end + 1);
      // A quoted local part ("a b"@host) stays quoted; a quoted name does not.
      entry.phrase += text[end + 1] === '@' ? quoted : unescape(quoted.slice(1, end > at ? -1 : undefined));
      at = end;
    } else if (char === '(') {
      const end = closingBracket(text, at);
      entry.comment += ` ${text.slice(at + 1, end)}`;
      at = end;
    } else if (char === '<') {
      const end = text.indexOf('>', at);
      const stop = end < 0 ? text.length : end;
      entry.angle ??= text.slice(at + 1, stop);
      at = stop;
    } else if (char === ',' || char === ';') {
      yield entry;
      entry = { phrase: '', angle: undefined, comment: '' };
    } else if (char === ':' && entry.angle === undefined && !entry.phrase.includes('@')) {
      entry = { phrase: '', angle: undefined, comment: '' };
    } else {
      entry.phrase += char;
    }
  }
  yield entry;
}

function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return open;
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return text.length;
}

function unescape(quoted: string): string {
  return quoted.replace(/\\(.)/g, '$1');
}

function toAddress({ phrase, angle, comment }: Entry): MailAddress | undefined {
  const written = angle ?? phrase;
  const address = cleanAddress(written);
  // A bare word is a name, mostly the first half of one with a comma; in brackets it is a local address.
  if (address === undefined || (angle === undefined && !address.includes('@'))) return undefined;
  const name = angle === undefined ? comment : phrase;
  return { name: tidyName(decodeWords(name)), address };
}

function cleanAddress(written: string): string | undefined {
  // A route (<@relay:user@host>) names relays and is dropped (RFC 5322 section 4.4).
  const bare = written
    .replace(/^\s*@[^:]{0,300}:/, '')
    .replace(/^\s*mailto:/i, '')
    .trim();
  if (bare === '' || bare.length > 500) return undefined;
  if (bare.startsWith('"')) return /^"[^"]{0,200}"@[^\s@]+$/.test(bare) ? bare : undefined;
  const joined = bare.replace(/\s*([.@])\s*/g, '$1');
  const at = joined.lastIndexOf('@');
  if (at === 0 || at === joined.length - 1 || /\s/.test(joined) || /[<>"(),;:\\[\]]/.test(joined.slice(0, Math.max(at, 0))))
    return undefined;
  return joined;
}

function tidyName(name: string): string {
  const text = name
    .replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const quoted = /^(['"])(.*)\1$/.exec(text);
  return (quoted?.[2] ?? text).slice(0, 500);
}

/**
 * Whether another mail program could read another sender out of a From header (security.md 0.3): a second reading that
 * knows no comments and takes the first address in brackets must find the same one, brackets and quotes must close, and
 * no encoded word may stand inside the address. Such a mail has an unknown sender.
 */
export function isAmbiguousFrom(rawValues: readonly string[]): boolean {
  if (rawValues.length > 1) return true;
  const [value = ''] = rawValues;
  const { plain, isOpen } = withoutQuotes(value);
  if (isOpen) return true;
  const strict = readAddresses(value).map(({ address }) => addressKey(address));
  if (strict.some((address) => address.includes('=?') || address.replace(/^"[^"]*"/, '').split('@').length > 2)) return true;
  const bracketed = [...plain.matchAll(/<([^<>]{0,1000})>/g)].map(([, inner]) => cleanAddress(inner ?? '')).filter(Boolean);
  // Without brackets anywhere the bare word is the address; in a comment there may be a second one.
  const loose = bracketed.length > 0 ? bracketed : (plain.match(/[^\s<>(),;:"]{1,300}@[^\s<>(),;:"]{1,300}/g) ?? []);
  return loose.some((address) => !strict.includes(addressKey(address ?? '')));
}

/** The value with quoted strings blanked; open when a quote, a comment or a bracket does not close. */
function withoutQuotes(value: string): { readonly plain: string; readonly isOpen: boolean } {
  let plain = '';
  let depth = 0;
  let isInBrackets = false;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? '';
    if (char === '"' && depth === 0) {
      const end = closingQuote(value, at);
      if (end === at) return { plain, isOpen: true };
      // A quoted local part belongs to the address.
      plain += value[end + 1] === '@' ? value.slice(at, end + 1) : ' ';
      at = end;
      continue;
    }
    if (char === '\\') at += 1;
    else if (char === '(') depth += 1;
    else if (char === ')' && depth > 0) depth -= 1;
    else if (depth === 0 && char === '<') {
      if (isInBrackets) return { plain, isOpen: true };
      isInBrackets = true;
    } else if (depth === 0 && char === '>') isInBrackets = false;
    plain += char;
  }
  return { plain, isOpen: depth > 0 || isInBrackets };
}

/** The form two addresses are compared in: lower case, the domain in ASCII (RFC 5891 section 5). */
export function addressKey(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address.toLowerCase();
  const domain = address.slice(at + 1);
  return `${address.slice(0, at)}@${domainToASCII(domain) || domain}`.toLowerCase();
}

/** The form an address is shown in, with an internationalised domain in its own letters. */
export function displayAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = domainToUnicode(address.slice(at + 1));
  return domain === '' ? address : `${address.slice(0, at + 1)}${domain}`;
}
