import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Invalid, ownReason } from '@helpdesk/core/plugin';

/** A mail from a file; of one that is too large the header alone, and `cut` says so. */
export interface FileMail {
  readonly raw: Buffer;
  readonly cut?: string | undefined;
}

const headBytes = 1024 * 1024;

/**
 * The mails of a file, of the files below a folder, or of an mbox, in their order and one at a time.
 *
 * @throws Invalid `email-inbox.import-missing`.
 */
export async function* mailsIn(source: string, maxBytes: number): AsyncGenerator<FileMail> {
  const info = await stat(source).catch((cause: unknown) => {
    throw new Invalid('email-inbox.import-missing', { file: source, message: `There is no file or folder ${source}.` }, { cause });
  });
  if (info.isDirectory()) {
    for (const file of await filesBelow(source)) yield* fileMails(file, maxBytes);
  } else yield* fileMails(source, maxBytes);
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !/^(?:dovecot|maildirfolder|subscriptions)/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

async function* fileMails(file: string, maxBytes: number): AsyncGenerator<FileMail> {
  const head = (await firstBytes(file, 512)).toString('latin1');
  if (head.startsWith('From ')) return yield* mboxMails(file, maxBytes);
  if (!/^(?:\s*|\ufeff)[\x21-\x39\x3b-\x7e]{1,100}:/.test(head)) return;
  const { size } = await stat(file);
  yield size > maxBytes ? headerOf(await firstBytes(file, headBytes), size, maxBytes) : { raw: await readFile(file) };
}

async function firstBytes(file: string, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: count - 1 })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function headerOf(bytes: Buffer, size: number, maxBytes: number): FileMail {
  const end = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
  return {
    raw: end === null ? bytes : bytes.subarray(0, end.index + end[0].length),
    cut: ownReason('email-inbox.cut.header', { size, limit: maxBytes }),
  };
}

/** The bytes of one mail as they come; past the limit they are counted only. */
class Collected {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Buffer): void {
    if (this.size <= this.#maxBytes) this.#parts.push(bytes);
    this.size += bytes.length;
  }

  take(): FileMail {
    const [bytes, size] = [withoutEnvelope(Buffer.concat(this.#parts)), this.size];
    this.#parts = [];
    this.size = 0;
    return size > this.#maxBytes ? headerOf(bytes, size, this.#maxBytes) : { raw: bytes };
  }
}

const separator = Buffer.from('\nFrom ');
const longestSeparator = 300;

/** The mails of an mbox, one in memory at a time; `>From ` at the start of a line loses one bracket (RFC 4155, mboxrd). */
async function* mboxMails(file: string, maxBytes: number): AsyncGenerator<FileMail> {
  const mail = new Collected(maxBytes);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let at = nextSeparator(rest); at >= 0; at = nextSeparator(rest)) {
      mail.add(rest.subarray(0, at));
      yield mail.take();
      rest = rest.subarray(at + 1);
    }
    // What may be the start of a separator waits for the bytes behind it.
    const sure = Math.max(0, rest.length - 2 * longestSeparator);
    mail.add(rest.subarray(0, sure));
    rest = rest.subarray(sure);
  }
  mail.add(rest);
  if (mail.size > 0) yield mail.take();
}

// A separator stands after an empty line and ends in a year; text that merely begins with "From " does not.
function nextSeparator(bytes: Buffer): number {
  for (let at = bytes.indexOf(separator, 1); at >= 0; at = bytes.indexOf(separator, at + 1)) {
    const isAfterBlank = bytes[at - 1] === 0x0a || (bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a);
    const line = /^[^\r\n]*(?=\r?\n)/.exec(bytes.subarray(at + 1, at + longestSeparator).toString('latin1'))?.[0] ?? '';
    if (isAfterBlank && /\d{4}\s*(?:[+-]\d{4})?\s*$/.test(line)) return at;
  }
  return -1;
}

function withoutEnvelope(bytes: Buffer): Buffer {
  const body = bytes.subarray(bytes.indexOf(0x0a) + 1);
  return body.includes('>From ') ? Buffer.from(body.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1') : body;
}
