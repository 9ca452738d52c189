import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Invalid } from '@helpdesk/core/plugin';
import { findMail } from './mails-repository.ts';
import { noteFailure, receiveMail } from './receiving.ts';
import type { InboxContext } from './settings.ts';
import { storeMails, type RawMail } from './storing.ts';

/** What an import did; `known` were there before, byte for byte. */
export interface ImportResult {
  readonly imported: number;
  readonly known: number;
  readonly failed: number;
}

const batchCount = 50;
const batchBytes = 16 * 1024 * 1024;

/**
 * Takes in mails from a file, a folder (also a Maildir) or an mbox. The content of a mail is its key, so
 * running it again, or after it was broken off, adds only what is missing.
 */
export async function importMails(
  ctx: InboxContext,
  mailboxId: number,
  source: string,
  onProgress: (done: number) => void,
): Promise<ImportResult> {
  let [imported, known, failed] = [0, 0, 0];
  let batch: RawMail[] = [];
  let bytes = 0;
  // The next mails go to the disk while the last ones are filed; filing itself keeps their order.
  let filing: Promise<number> = Promise.resolve(0);
  const flush = async (): Promise<void> => {
    const [ids, bad] = await Promise.all([storeMails(ctx, mailboxId, batch, { isQueued: false }), filing]);
    failed += bad;
    known += batch.length - ids.length;
    imported += ids.length;
    filing = fileNow(ctx, ids);
    batch = [];
    bytes = 0;
    onProgress(imported + known);
  };
  for await (const raw of rawMails(source)) {
    batch.push(asRaw('import', raw, ctx.clock.now()));
    bytes += raw.length;
    if (batch.length >= batchCount || bytes > batchBytes) await flush();
  }
  await flush();
  failed += await filing;
  const left: number[] = await ctx.db
    .table('mails')
    .where({ mailbox_id: mailboxId, state: 'new', attempts: 0 })
    .where('folder', 'like', 'import:%')
    .orderBy('id')
    .pluck('id');
  failed += await fileNow(ctx, left);
  return { imported: imported + left.length, known: known - left.length < 0 ? 0 : known - left.length, failed };
}

/** A mail that comes without a uid: its content names it. */
export function asRaw(way: 'import' | 'pipe' | 'smtp', raw: Uint8Array, receivedAt: number): RawMail {
  return { folder: `${way}:${createHash('sha256').update(raw).digest('hex')}`, uidValidity: 0, uid: 0, raw, receivedAt };
}

/** Files mails in this process, one after the other, and returns how many could not be filed; those are tried again by jobs. */
export async function fileNow(ctx: InboxContext, ids: readonly number[]): Promise<number> {
  let failed = 0;
  for (const id of ids) {
    const stored = await findMail(ctx, id);
    if (stored === undefined) continue;
    try {
      await receiveMail(ctx, stored);
    } catch (error) {
      failed += 1;
      await noteFailure(ctx, stored, error);
    }
  }
  return failed;
}

async function* rawMails(source: string): AsyncGenerator<Buffer> {
  const info = await stat(source).catch((cause: unknown) => {
    throw new Invalid('email-inbox.import-missing', { file: source, message: `There is no file or folder ${source}.` }, { cause });
  });
  if (info.isDirectory()) {
    for (const file of await filesBelow(source)) yield* fileMails(file);
  } else yield* fileMails(source);
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !/^(?:dovecot|maildirfolder|subscriptions)/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

async function* fileMails(file: string): AsyncGenerator<Buffer> {
  const head = await firstBytes(file);
  if (head.startsWith('From ')) yield* mboxMails(file);
  else if (/^(?:\s*|\ufeff)[\x21-\x39\x3b-\x7e]{1,100}:/.test(head)) yield await readFile(file);
}

async function firstBytes(file: string): Promise<string> {
  for await (const chunk of createReadStream(file, { end: 511 })) return Buffer.from(chunk as Uint8Array).toString('latin1');
  return '';
}

const separator = Buffer.from('\nFrom ');

/** The mails of an mbox, one in memory at a time; `>From ` at the start of a line loses one bracket (RFC 4155, mboxrd). */
async function* mboxMails(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let at = nextSeparator(rest, 1);
    while (at >= 0) {
      yield withoutEnvelope(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
      at = nextSeparator(rest, 1);
    }
  }
  if (rest.length > 0) yield withoutEnvelope(rest);
}

// A separator stands after an empty line and ends in a year; text that merely begins with "From " does not.
function nextSeparator(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(separator, from); at >= 0; at = bytes.indexOf(separator, at + 1)) {
    const isAfterBlank = bytes[at - 1] === 0x0a || (bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a);
    const line =
      bytes
        .subarray(at + 1, at + 300)
        .toString('latin1')
        .split(/\r?\n/, 1)[0] ?? '';
    if (isAfterBlank && /\d{4}\s*(?:[+-]\d{4})?\s*$/.test(line)) return at;
  }
  return -1;
}

function withoutEnvelope(bytes: Buffer): Buffer {
  const body = bytes.subarray(bytes.indexOf(0x0a) + 1);
  if (!body.includes('>From ')) return Buffer.from(body);
  return Buffer.from(body.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1');
}
