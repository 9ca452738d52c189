import type { FetchMessageObject, ImapFlow } from 'imapflow';
import { within } from './imap-connection.ts';
import { firstCursor } from './mailbox-setup.ts';
import { atEnd, findReceiver, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { storeMails, type RawMail } from './storing.ts';

const dayMs = 86_400_000;
const rescanDays = 30;
const batchCount = 25;
const batchBytes = 8 * 1024 * 1024;
const transferMs = 180_000;

export interface FetchOptions {
  readonly isQueued: boolean;
  /** Aborted when the plugin is switched off or the lease was lost. */
  readonly signal: AbortSignal;
}

/**
 * Brings everything new from the mailbox's folder into the store and returns the ids of the new rows.
 * The cursor is the last uid that is stored, never the server's next one: a session can show less than
 * there is (mail.md F1).
 */
export async function fetchNew(ctx: InboxContext, client: ImapFlow, mailboxId: number, options: FetchOptions): Promise<readonly number[]> {
  const receiver = await openFolder(ctx, client, mailboxId);
  if (receiver === undefined) return [];
  const listed = await listNew(client, receiver);
  const { maxMailMegabytes } = await ctx.settings.get();
  const ids: number[] = [];
  for (const batch of batches(listed)) {
    if (options.signal.aborted) break;
    const mails = await transfer(ctx, client, receiver, batch, maxMailMegabytes * 1024 * 1024);
    const lastUid = batch.at(-1)?.uid ?? receiver.lastUid;
    ids.push(
      ...(await storeMails(ctx, mailboxId, mails, { isQueued: options.isQueued, cursor: { uidValidity: receiver.uidValidity, lastUid } })),
    );
  }
  return ids;
}

/** Selects the folder; when its numbering changed, the cursor starts anew and the last 30 days are listed again. */
async function openFolder(ctx: InboxContext, client: ImapFlow, mailboxId: number): Promise<Receiver | undefined> {
  const receiver = await findReceiver(ctx, mailboxId);
  if (receiver === undefined) return undefined;
  const isOpen = client.mailbox !== false && client.mailbox.path === receiver.folder;
  if (isOpen) await within(client, 'NOOP', client.noop());
  else await within(client, 'SELECT', client.mailboxOpen(receiver.folder));
  const uidValidity = client.mailbox === false ? receiver.uidValidity : Number(client.mailbox.uidValidity);
  if (uidValidity === receiver.uidValidity) return receiver;
  const now = ctx.clock.now();
  const isFirst = receiver.uidValidity === 0;
  if (!isFirst)
    ctx.log.warn('The server numbered the folder anew; its last 30 days are looked at again.', {
      mailboxId,
      folder: receiver.folder,
      from: receiver.uidValidity,
      to: uidValidity,
    });
  const uidNext = client.mailbox === false ? 1 : client.mailbox.uidNext;
  const cursor =
    isFirst && receiver.lastUid === atEnd.lastUid
      ? firstCursor({ uidValidity, uidNext }, 'now', now)
      : { lastUid: 0, sinceAt: isFirst ? receiver.sinceAt : Math.max(0, now - rescanDays * dayMs) };
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailboxId, uidvalidity: receiver.uidValidity })
      .update({ uidvalidity: uidValidity, last_uid: cursor.lastUid, since_at: cursor.sinceAt, updated_at: now }),
  );
  return findReceiver(ctx, mailboxId);
}

async function listNew(client: ImapFlow, receiver: Receiver): Promise<readonly FetchMessageObject[]> {
  const range = await newRange(client, receiver);
  if (range === undefined) return [];
  const listed = await within(
    client,
    'list new mail',
    client.fetchAll(range, { uid: true, size: true, flags: true, internalDate: true }, { uid: true }),
    transferMs,
  );
  // `n:*` always names the last mail, even when its uid is lower (RFC 3501 section 6.4.8).
  const fresh = listed.filter(
    ({ uid, flags }) => uid > receiver.lastUid && flags?.has('\\Deleted') !== true && flags?.has('\\Draft') !== true,
  );
  return [...new Map(fresh.map((one) => [one.uid, one])).values()].toSorted((a, b) => a.uid - b.uid);
}

async function newRange(client: ImapFlow, { lastUid, sinceAt }: Receiver): Promise<string | undefined> {
  if (client.mailbox === false || client.mailbox.exists === 0) return undefined;
  if (lastUid > 0 || sinceAt === 0) return `${lastUid + 1}:*`;
  const found = await within(client, 'SEARCH', client.search({ since: new Date(sinceAt) }, { uid: true }));
  return found === false || found === undefined || found.length === 0 ? undefined : found.join(',');
}

function* batches(listed: readonly FetchMessageObject[]): Generator<readonly FetchMessageObject[]> {
  let batch: FetchMessageObject[] = [];
  let bytes = 0;
  for (const one of listed) {
    const size = one.size ?? 0;
    if (batch.length > 0 && (batch.length >= batchCount || bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function transfer(
  ctx: InboxContext,
  client: ImapFlow,
  receiver: Receiver,
  batch: readonly FetchMessageObject[],
  maxBytes: number,
): Promise<readonly RawMail[]> {
  const whole = batch.filter(({ size }) => (size ?? 0) <= maxBytes);
  const sources = new Map<number, Buffer>();
  if (whole.length > 0) {
    const got = await within(
      client,
      'fetch mail',
      client.fetchAll(whole.map(({ uid }) => uid).join(','), { uid: true, source: true }, { uid: true }),
      transferMs,
    );
    for (const { uid, source } of got) if (source !== undefined) sources.set(uid, source);
  }
  const mails: RawMail[] = [];
  for (const one of batch) {
    const isTooLarge = (one.size ?? 0) > maxBytes;
    // One that did not come with the others was deleted meanwhile, or it is asked for alone once more.
    const source = sources.get(one.uid) ?? (await fetchAlone(client, one.uid, isTooLarge));
    if (source === undefined) continue;
    mails.push({
      folder: receiver.folder,
      uidValidity: receiver.uidValidity,
      uid: one.uid,
      raw: source,
      receivedAt: timeOf(one.internalDate) ?? ctx.clock.now(),
      ...(isTooLarge ? { reason: `Only the header was fetched: the mail has ${one.size} bytes, more than the limit of ${maxBytes}.` } : {}),
    });
  }
  return mails;
}

async function fetchAlone(client: ImapFlow, uid: number, isHeaderOnly: boolean): Promise<Buffer | undefined> {
  const query = isHeaderOnly ? { uid: true, headers: true } : { uid: true, source: true };
  const one = await within(client, 'fetch one mail', client.fetchOne(String(uid), query, { uid: true }), transferMs);
  if (one === false || one === undefined) return undefined;
  return isHeaderOnly ? one.headers : one.source;
}

function timeOf(date: Date | string | undefined): number | undefined {
  const time = date === undefined ? Number.NaN : new Date(date).getTime();
  return Number.isNaN(time) ? undefined : time;
}
