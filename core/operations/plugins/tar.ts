import { gunzipSync, gzipSync } from 'node:zlib';
import { Invalid } from '../../kernel/errors.ts';

/** One file of an archive, by its name with forward slashes. */
export interface PackedFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** A header of an archive as it stands there: nothing about it has been judged. */
export interface TarEntry extends PackedFile {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

const block = 512;
// 1985-10-26, the date npm gives to every file: the same content makes the same archive.
const fixedTime = 499_162_500;

/** Packs files under one folder, sorted and undated, so that the same files make the same bytes. */
export function writeArchive(files: readonly PackedFile[], top = 'package'): Buffer {
  const parts: Uint8Array[] = [];
  for (const { name, content } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    parts.push(header(`${top}/${name}`, content.length), content, Buffer.alloc(padding(content.length)));
  }
  parts.push(Buffer.alloc(block * 2));
  return gzipSync(Buffer.concat(parts), { level: 9 });
}

/** Reads the entries of a gzipped tar of at most `limit` bytes unpacked. @throws Invalid `archive.*`. */
export function readArchive(packed: Uint8Array, limit: number): { readonly size: number; readonly entries: readonly TarEntry[] } {
  const tar = unzip(packed, limit);
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + block <= tar.length;) {
    const head = tar.subarray(at, at + block);
    if (head.every((byte) => byte === 0)) break;
    const size = octal(head, 124, 12);
    if (sumOf(head) !== octal(head, 148, 8) || at + block + size > tar.length) throw unreadable();
    const content = tar.subarray(at + block, at + block + size);
    const type = String.fromCharCode(head[156] ?? 0);
    at += block + size + padding(size);
    if (type === 'x' || type === 'g') {
      const named = paxPath(content);
      if (type === 'x') longName = named;
      else if (named !== undefined) throw unreadable();
      continue;
    }
    entries.push({ name: longName ?? nameOf(head), content, kind: kindOf(type) });
    longName = undefined;
  }
  return { size: tar.length, entries };
}

function unzip(packed: Uint8Array, limit: number): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: limit });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new Invalid('archive.too-large', { message: `The archive holds more than ${limit / 1024 / 1024} MB.` }, { cause });
    }
    throw unreadable(cause);
  }
}

function kindOf(type: string): TarEntry['kind'] {
  if (type === '0' || type === '\0') return 'file';
  if (type === '5') return 'folder';
  return type === '1' || type === '2' ? 'link' : 'other';
}

function nameOf(head: Buffer): string {
  const name = textAt(head, 0, 100);
  const prefix = textAt(head, 257, 5) === 'ustar' ? textAt(head, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

// Records of "<length> <key>=<value>\n"; a size there would contradict the header.
function paxPath(content: Buffer): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > content.length) throw unreadable();
    const [key = '', ...value] = content.toString('utf8', space + 1, at + length - 1).split('=');
    if (key === 'size' || key.startsWith('GNU.sparse')) throw unreadable();
    if (key === 'path') found = value.join('=');
    at += length;
  }
  return found;
}

function header(name: string, size: number): Buffer {
  const head = Buffer.alloc(block);
  const [prefix, last] = split(name);
  head.write(last, 0);
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  head.write(`${fixedTime.toString(8).padStart(11, '0')}\0`, 136);
  head.write('0', 156);
  head.write('ustar\u000000', 257, 'latin1');
  head.write(prefix, 345);
  head.write(`${sumOf(head).toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

function split(name: string): readonly [prefix: string, last: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, last] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(last) <= 100) return [prefix, last];
  }
  throw new Invalid('archive.name-too-long', { message: `The name ${name} is too long for an archive.` });
}

function sumOf(head: Buffer): number {
  let sum = 0;
  for (const [index, byte] of head.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return sum;
}

function octal(head: Buffer, at: number, length: number): number {
  const digits = textAt(head, at, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw unreadable();
  return Number.parseInt(digits, 8);
}

function textAt(head: Buffer, at: number, length: number): string {
  const field = head.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

function unreadable(cause?: unknown): Invalid {
  return new Invalid('archive.unreadable', { message: 'The file is not a .tgz archive that can be read.' }, { cause });
}
