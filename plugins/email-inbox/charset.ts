import { decodeKorean } from './charset-korean.ts';

/** Names that mail uses and the WHATWG Encoding Standard does not list, without separators and vendor prefixes. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['iso88598i', 'iso-8859-8'],
  ['iso88598e', 'iso-8859-8'],
  ['gb2312', 'gb18030'],
  ['gbk', 'gb18030'],
  ['cp936', 'gb18030'],
  ['ms936', 'gb18030'],
  ['windows936', 'gb18030'],
  ['cp949', 'euc-kr'],
  ['ms949', 'euc-kr'],
  ['uhc', 'euc-kr'],
  ['ksc56011987', 'euc-kr'],
  ['cp932', 'shift_jis'],
  ['windows932', 'shift_jis'],
  ['windows31j', 'shift_jis'],
  ['shiftjis', 'shift_jis'],
  ['cp950', 'big5'],
  ['ms950', 'big5'],
  ['eucjp', 'euc-jp'],
  ['cp51932', 'euc-jp'],
  ['iso2022jp1', 'iso-2022-jp'],
  ['iso2022jp2', 'iso-2022-jp'],
  ['iso2022jpms', 'iso-2022-jp'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['tis620', 'windows-874'],
  ['utf16', 'utf-16le'],
  ['unicode11utf8', 'utf-8'],
]);

const asciiOnly = new Set([
  'ascii',
  'usascii',
  'ansix3.41968',
  'ansix341968',
  'utf7',
  'unicode11utf7',
  '7bit',
  '8bit',
  'binary',
  'default',
]);
const reader = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * The label `TextDecoder` takes for a charset named in a mail, or undefined for a name nobody knows.
 * Families are read as their superset (gb2312 as gb18030, iso-8859-1 as windows-1252); UTF-7 is never decoded.
 */
export function encodingFor(name: string | undefined): string | undefined {
  const label = (name ?? '').trim().toLowerCase().slice(0, 60);
  const bare = label.replace(/^(?:x-ms-|x-|cs)/, '').replace(/[\s._-]/g, '');
  if (label === '' || asciiOnly.has(bare)) return undefined;
  return supported(aliases.get(bare)) ?? supported(label) ?? supported(bare) ?? supported(label.replace(/^x-/, ''));
}

function supported(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    const { encoding } = new TextDecoder(label);
    return encoding === 'replacement' ? undefined : encoding;
  } catch {
    return undefined;
  }
}

export interface DecodeHints {
  /** The charset parameter as written; unknown names are treated as missing. */
  readonly charset?: string | undefined;
  readonly isHtml?: boolean;
}

/**
 * Reads bytes of unknown honesty as text that a database can hold: never throws, no U+0000, no lone surrogates.
 * Order: byte order mark, declared charset, ISO-2022-JP escapes, UTF-8, HTML meta charset, windows-1252 (mail.md C2, C3);
 * text with single characters that its charset does not know stays in it.
 */
export function decodeText(bytes: Uint8Array, hints: DecodeHints = {}): string {
  return storable(chooseDecoding(bytes, hints));
}

function chooseDecoding(bytes: Uint8Array, hints: DecodeHints): string {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return decodeAs(marked, bytes);

  const declared = encodingFor(hints.charset);
  if (declared === 'iso-2022-jp' || holdsJapaneseEscape(bytes)) return decodeJapanese(bytes);
  const declaredText = declared === undefined ? undefined : decodeAs(declared, bytes);
  if (declaredText !== undefined && !declaredText.includes('\uFFFD')) return declaredText;

  // A relay may have turned the text into UTF-8 without correcting the meta element, so valid UTF-8 wins over it,
  // unless it reads as C1 control characters, which nobody writes.
  const utf8 = strictUtf8(bytes);
  const meta = hints.isHtml === true ? metaCharset(bytes) : undefined;
  if (utf8 !== undefined && (meta === undefined || !/[\x80-\x9f]/.test(utf8))) return utf8;
  const metaText = meta === undefined ? undefined : decodeAs(meta, bytes);
  const best = metaText?.includes('\uFFFD') === false ? metaText : (declaredText ?? metaText);
  const western = decodeAs('windows-1252', bytes);
  return best === undefined || (isMostlyBroken(best) && !controls.test(western)) ? western : best;
}

// Nobody writes them; bytes that hold them are no text in the wrong charset.
const controls = /(?!\s)\p{Cc}/u;

/** Text that was cut or damaged has a few characters that cannot be read; most of them tell of a wrong charset. */
function isMostlyBroken(text: string): boolean {
  const foreign = text.match(/[^\0-\x7f]/gu)?.length ?? 0;
  return (text.match(/\uFFFD/g)?.length ?? 0) * 2 > foreign;
}

// The bytes 0x80 to 0x9f (WHATWG Encoding, index windows-1252); Node 20 decodes them as if the text were Latin-1.
const westernRest = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function decodeAs(encoding: string, bytes: Uint8Array): string {
  if (encoding === 'euc-kr') return decodeKorean(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  return encoding === 'windows-1252' ? text.replace(/[\x80-\x9f]/g, (char) => westernRest[char.charCodeAt(0) - 0x80] ?? char) : text;
}

/** Mailers close and reopen the escape at once; the decoder reports that as an error, so the pair is taken out. */
function decodeJapanese(bytes: Uint8Array): string {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').replaceAll('\x1b(B\x1b$B', '');
  return new TextDecoder('iso-2022-jp').decode(Buffer.from(source, 'latin1'));
}

function markedEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function holdsJapaneseEscape(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0x1b); at >= 0; at = bytes.indexOf(0x1b, at + 1)) {
    if (bytes[at + 1] === 0x24 && (bytes[at + 2] === 0x42 || bytes[at + 2] === 0x40)) return isAscii(bytes);
  }
  return false;
}

function metaCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('latin1');
  const found = /<meta[^>]{0,200}charset\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})/i.exec(head)?.[1];
  return encodingFor(found);
}

/** True when no byte has its high bit set. */
export function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false;
  return true;
}

/** The text when the bytes are valid UTF-8, else undefined. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return reader.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text without U+0000, and with U+FFFD for every lone surrogate, so that any database accepts it (mail.md C3). */
export function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\uFFFD');
}
