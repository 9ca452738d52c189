import { createHash } from 'node:crypto';
import { mailsIn } from './mail-files.ts';
import { findMail, type StoredMail } from './mails-repository.ts';
import { noteFailure, readAhead, receiveMail } from './receiving.ts';
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
 * Takes in mails from a file, a folder (also a Maildir) or an mbox, a few in memory at a time. The content of a mail is
 * its key, so running it again, or after it was broken off, adds only what is missing. What an import that was broken
 * off had stored and not filed goes first: answers look for what they answer.
 */
export async function importMails(
  ctx: InboxContext,
  mailboxId: number,
  source: string,
  onProgress: (done: number) => void,
): Promise<ImportResult> {
  const { maxMailMegabytes } = await ctx.settings.get();
  const left: number[] = await ctx.db
    .table('mails')
    .where({ mailbox_id: mailboxId, state: 'new', attempts: 0 })
    .where('folder', 'like', 'import:%')
    .orderBy('id')
    .pluck('id');
  let [imported, known, failed] = [0, 0, await fileNow(ctx, left)];
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
  for await (const { raw, cut } of mailsIn(source, maxMailMegabytes * 1024 * 1024)) {
    batch.push({ ...asRaw('import', raw, ctx.clock.now()), cut });
    bytes += raw.length;
    if (batch.length >= batchCount || bytes > batchBytes) await flush();
  }
  await flush();
  failed += await filing;
  return { imported: imported + left.length, known: Math.max(0, known - left.length), failed };
}

/** A mail that comes without a uid: its content names it. */
export function asRaw(way: 'import' | 'pipe' | 'smtp', raw: Uint8Array, receivedAt: number): RawMail {
  return { folder: `${way}:${createHash('sha256').update(raw).digest('hex')}`, uidValidity: 0, uid: 0, raw, receivedAt };
}

const mailsAhead = 3;

/**
 * Files mails in this process, one after the other, and returns how many could not be filed; those are tried again by
 * jobs. The next mails are read while one is written.
 */
export async function fileNow(ctx: InboxContext, ids: readonly number[]): Promise<number> {
  let failed = 0;
  const reading: ReturnType<typeof startReading>[] = [];
  for (const [index, id] of ids.entries()) {
    while (reading.length <= mailsAhead && index + reading.length < ids.length)
      reading.push(startReading(ctx, ids[index + reading.length] ?? id));
    const begun = await reading.shift();
    if (begun === undefined) continue;
    try {
      await receiveMail(ctx, begun.stored, { content: begun.content });
    } catch (error) {
      failed += 1;
      await noteFailure(ctx, begun.stored, error);
    }
  }
  return failed;
}

async function startReading(
  ctx: InboxContext,
  id: number,
): Promise<{ readonly stored: StoredMail; readonly content: ReturnType<typeof readAhead> } | undefined> {
  const stored = await findMail(ctx, id);
  return stored === undefined ? undefined : { stored, content: readAhead(ctx, stored) };
}
