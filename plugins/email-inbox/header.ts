import { decodeText, encodingFor, storable, strictUtf8 } from './charset.ts';

/** One header field: the name in lower case, the value unfolded, with encoded words still in place. */
export interface MailHeader {
  readonly name: string;
  readonly value: string;
}

// ISO-2022-JP is written with escapes in seven bits, so it also looks like valid UTF-8.
const escape = 0x1b;
const maxHeaderBytes = 4 * 1024 * 1024;

/**
 * Reads a header block up to its first empty line, in document order (RFC 5322 section 2.2).
 * Bytes above 127 are read as UTF-8 when valid, else in the fallback charset, else as windows-1252.
 */
export function readHeaders(block: Uint8Array, fallbackCharset?: string): MailHeader[] {
  const headers: { name: string; parts: string[] }[] = [];
  for (const line of headerLines(block)) {
    const text = line.includes(escape) ? decodeText(line) : storable(strictUtf8(line) ?? decodeText(line, { charset: fallbackCharset }));
    if (/^[ \t]/.test(text)) {
      headers.at(-1)?.parts.push(text);
    } else {
      const colon = text.indexOf(':');
      const name = colon < 0 ? '' : text.slice(0, colon).trimEnd().toLowerCase();
      if (/^[\x21-\x7e]{1,200}$/.test(name)) headers.push({ name, parts: [text.slice(colon + 1)] });
    }
  }
  return headers.map(({ name, parts }) => ({
    name,
    value: parts
      .join('')
      .replace(/[\r\n]/g, ' ')
      .trim(),
  }));
}

function* headerLines(block: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  const end = Math.min(block.length, maxHeaderBytes);
  while (start < end) {
    const feed = block.indexOf(0x0a, start);
    const stop = feed < 0 || feed > end ? end : feed;
    const line = block.subarray(start, block[stop - 1] === 0x0d ? stop - 1 : stop);
    if (line.length === 0) return;
    yield line;
    start = stop + 1;
  }
}

/** The first value of a field, or undefined. */
export function headerValue(headers: readonly MailHeader[], name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value;
}

/** Every value of a field, in document order. */
export function headerValues(headers: readonly MailHeader[], name: string): string[] {
  return headers.filter((header) => header.name === name).map((header) => header.value);
}

const encodedWord = /=\?([^?\s]{1,60})\?([bq])\?([^?]{0,8000})\?=/gi;

/**
 * Decodes RFC 2047 encoded words, also inside quotes and in lower case. Neighbours of one charset are joined
 * as bytes first, because senders split multibyte characters; what cannot be decoded stays as it is.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let output = '';
  let pending: { charset: string; bytes: Buffer[]; source: string } | undefined;
  let end = 0;
  const flush = (): void => {
    if (pending) {
      const decoded = decodeText(Buffer.concat(pending.bytes), { charset: pending.charset });
      output += isGarbage(decoded) ? pending.source : decoded;
    }
    pending = undefined;
  };
  for (const match of value.matchAll(encodedWord)) {
    const [whole, label = '', encoding = '', payload = ''] = match;
    const charset = label.split('*')[0]?.toLowerCase() ?? '';
    const between = value.slice(end, match.index);
    if (between.trim() !== '' || end === 0) {
      flush();
      output += between;
    }
    if (pending?.charset !== charset) flush();
    pending ??= { charset, bytes: [], source: '' };
    pending.source += whole;
    pending.bytes.push(encoding.toLowerCase() === 'b' ? Buffer.from(payload, 'base64') : decodeQ(payload));
    end = match.index + whole.length;
  }
  flush();
  return storable(output + value.slice(end));
}

function isGarbage(text: string): boolean {
  const unreadable = text.match(/[\p{Cc}\uFFFD]/gu)?.length ?? 0;
  return unreadable * 4 > text.length;
}

function decodeQ(payload: string): Buffer {
  const bytes = Buffer.from(payload.replaceAll('_', ' '), 'utf8');
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const hex = bytes[at] === 0x3d ? bytes.toString('latin1', at + 1, at + 3) : '';
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[length] = Number.parseInt(hex, 16);
      at += 2;
    } else {
      bytes[length] = bytes[at] ?? 0;
    }
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** A structured field such as Content-Type: its value in lower case and its parameters by lower-case name. */
export interface Structured {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Names given more than once; the first counts. */
  readonly repeated: readonly string[];
}

/** Reads `value; name=text; name*0*=utf-8''text` with quotes, comments and continuations (RFC 2045 section 5.1, RFC 2231). */
export function readStructured(field: string | undefined): Structured {
  const [first = '', ...rest] = splitOutsideQuotes(field ?? '', ';');
  const sections = new Map<string, string>();
  const repeated: string[] = [];
  for (const piece of rest) {
    const equals = piece.indexOf('=');
    if (equals < 0) continue;
    const name = piece.slice(0, equals).trim().toLowerCase();
    if (sections.has(name)) repeated.push(name);
    else sections.set(name, unquote(piece.slice(equals + 1).trim()));
  }
  return { value: withoutComments(first).trim().toLowerCase(), parameters: joinSections(sections), repeated };
}

function joinSections(sections: ReadonlyMap<string, string>): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of sections) {
    const star = name.indexOf('*');
    if (star < 0) {
      if (!joined.has(name)) joined.set(name, value);
    } else if (name.endsWith('*') && star === name.length - 1) {
      joined.set(name.slice(0, star), decodeExtended([{ value, isEncoded: true }]));
    } else if (/^\*0\*?$/.test(name.slice(star))) {
      joined.set(name.slice(0, star), decodeExtended(collectSections(sections, name.slice(0, star))));
    }
  }
  return joined;
}

function collectSections(sections: ReadonlyMap<string, string>, base: string): { value: string; isEncoded: boolean }[] {
  const pieces: { value: string; isEncoded: boolean }[] = [];
  for (let index = 0; index < 200; index += 1) {
    const plain = sections.get(`${base}*${index}`);
    const value = plain ?? sections.get(`${base}*${index}*`);
    if (value === undefined) break;
    pieces.push({ value, isEncoded: plain === undefined });
  }
  return pieces;
}

function decodeExtended(pieces: readonly { value: string; isEncoded: boolean }[]): string {
  let charset: string | undefined;
  const bytes = pieces.map(({ value, isEncoded }, index) => {
    if (!isEncoded) return Buffer.from(value, 'utf8');
    const prefix = index === 0 ? /^([^']{0,60})'[^']{0,60}'/.exec(value) : null;
    if (prefix) charset = prefix[1];
    return percentBytes(value.slice(prefix?.[0].length ?? 0));
  });
  const all = Buffer.concat(bytes);
  return encodingFor(charset) === undefined ? decodeText(all) : decodeText(all, { charset });
}

function percentBytes(text: string): Buffer {
  return Buffer.concat(
    text
      .split(/(%[0-9a-f]{2})/i)
      .map((piece) => (/^%[0-9a-f]{2}$/i.test(piece) ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece, 'utf8'))),
  );
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  let text = '';
  for (let at = 1; at < value.length; at += 1) {
    if (value[at] === '"') break;
    if (value[at] === '\\' && /["\\]/.test(value[at + 1] ?? '')) at += 1;
    text += value[at] ?? '';
  }
  return text;
}

/** Splits at a separator that stands outside quoted strings. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && quoted) at += 1;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** Removes `(comments)`, nested or not; brackets in quotes and an opening one without its end count as text (RFC 5322 section 3.2.2). */
export function withoutComments(text: string): string {
  if (!text.includes('(')) return text;
  let output = '';
  let depth = 0;
  let opened = -1;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quoted) {
      const width = char === '\\' ? 2 : 1;
      output += text.slice(at, at + width);
      at += width - 1;
      quoted = char !== '"';
    } else if (char === '"' && depth === 0) {
      output += char;
      quoted = true;
    } else if (char === '\\' && depth > 0) at += 1;
    else if (char === '(') {
      if (depth === 0) opened = at;
      depth += 1;
    } else if (char === ')' && depth > 0) depth -= 1;
    else if (depth === 0) output += char;
  }
  return depth > 0 ? output + text.slice(opened) : output;
}
