import type { FetchMessageObject, ImapFlow } from 'imapflow';
import { Unavailable } from '@helpdesk/core/plugin';
import { searchUids, within } from './imap-connection.ts';
import { fetchableFolders, firstCursor } from './mailbox-setup.ts';
import { atEnd, findReceiver, noteStuck, notStuck, type Receiver, type Stuck } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { storeMails, type RawMail } from './storing.ts';
import { batchesOf, standIn, transfer, transferMs, type Pass } from './transferring.ts';

const dayMs = 86_400_000;
const rescanDays = 30;
// A server need not read more than 8,000 bytes of a command (RFC 2683 section 3.2.1.5), and a uid has up to ten digits.
const uidsAtOnce = 500;

export interface FetchOptions {
  /** Given the ids of new mails as soon as they are stored; without it a job is queued for each. */
  readonly onStored?: (ids: readonly number[]) => void;
  /** Aborted when the plugin is switched off or the lease was lost. */
  readonly signal: AbortSignal;
}

/**
 * Brings everything new from the mailbox's folder into the store.
 * The cursor is the last uid that is stored, never the server's next one: a session can show less than
 * there is (mail.md F1).
 */
export async function fetchNew(ctx: InboxContext, client: ImapFlow, mailboxId: number, options: FetchOptions): Promise<void> {
  const receiver = await openFolder(ctx, client, mailboxId);
  if (receiver === undefined) return;
  const listed = await listNew(client, receiver);
  const { maxMailMegabytes } = await ctx.settings.get();
  const pass: FetchPass = { client, receiver, maxBytes: maxMailMegabytes * 1024 * 1024, listed, options };
  // Where fetching stood still, one by one shows which mail it is.
  for (const batch of batchesOf(listed, receiver.stuck === undefined ? undefined : 1)) {
    if (options.signal.aborted) break;
    await bring(ctx, pass, batch);
  }
}

interface FetchPass extends Pass {
  readonly listed: readonly FetchMessageObject[];
  readonly options: FetchOptions;
}

/** Stores a batch, or where the server fails at it its mails one by one, so that those before and behind a bad one arrive. */
async function bring(ctx: InboxContext, pass: FetchPass, batch: readonly FetchMessageObject[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  if (!pass.client.usable) throw new Unavailable('email-inbox.closed', { message: 'The server closed the connection.' });
  const isOld = isGivenUp(pass.receiver.stuck, first.uid, ctx.clock.now()) && (await deliversOthers(pass, first.uid));
  const brought = await transfer(ctx, pass, batch).catch((error: unknown) => ({ error }));
  if (!('error' in brought)) return keep(ctx, pass, batch, brought);
  if (pass.options.signal.aborted) throw brought.error;
  if (isOld) return keep(ctx, pass, batch, [await standIn(ctx, pass, first)]);
  if (batch.length === 1 || !pass.client.usable) {
    await noteFailedTry(ctx, pass.receiver, first.uid, batch.length === 1);
    throw brought.error;
  }
  for (const one of batch) await bring(ctx, pass, [one]);
}

async function keep(
  ctx: InboxContext,
  { receiver, options }: FetchPass,
  batch: readonly FetchMessageObject[],
  mails: readonly RawMail[],
): Promise<void> {
  const cursor = { account: receiver.account, uidValidity: receiver.uidValidity, lastUid: batch.at(-1)?.uid ?? receiver.lastUid };
  const ids = await storeMails(ctx, receiver.mailboxId, mails, { isQueued: options.onStored === undefined, cursor });
  options.onStored?.(ids);
}

const maxTries = 3;
// A server in trouble fails at every mail. It has to be the same one for this long, so that none is passed for an outage.
const patienceMs = 10 * 60_000;

function isGivenUp(stuck: Stuck | undefined, uid: number, now: number): boolean {
  return stuck?.uid === uid && stuck.tries >= maxTries && now - stuck.at >= patienceMs;
}

const probes = 3;

/** Whether the server delivers any other mail now: one that delivers none is in trouble as a whole. */
async function deliversOthers({ client, listed }: FetchPass, uid: number): Promise<boolean> {
  const others = listed.filter((one) => one.uid !== uid).slice(-probes);
  for (const other of others) {
    const query = { uid: true, source: { start: 0, maxLength: 1 } };
    const found = await within(client, 'fetch a byte', client.fetchOne(String(other.uid), query, { uid: true })).catch(
      () => false as const,
    );
    if (found !== false && found?.source !== undefined) return true;
    if (!client.usable) return false;
  }
  return false;
}

/** A batch that broke the line says of none of its mails that it was the one: then the try does not count. */
async function noteFailedTry(ctx: InboxContext, receiver: Receiver, uid: number, isAlone: boolean): Promise<void> {
  const known = receiver.stuck?.uid === uid ? receiver.stuck : { uid, tries: 0, at: ctx.clock.now() };
  await noteStuck(ctx, receiver, { ...known, tries: known.tries + (isAlone ? 1 : 0) });
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
  // A mailbox that signed in only after it was added was asked for no folder until now.
  if (isFirst) await fetchableFolders(client, receiver.folder);
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
      .where({ mailbox_id: mailboxId, account: receiver.account, uidvalidity: receiver.uidValidity })
      .update({ uidvalidity: uidValidity, last_uid: cursor.lastUid, since_at: cursor.sinceAt, updated_at: now, ...notStuck }),
  );
  return findReceiver(ctx, mailboxId);
}

async function listNew(client: ImapFlow, receiver: Receiver): Promise<readonly FetchMessageObject[]> {
  const listed: FetchMessageObject[] = [];
  for (const range of await newRanges(client, receiver)) {
    const query = { uid: true, size: true, flags: true, internalDate: true };
    listed.push(...(await within(client, 'list new mail', client.fetchAll(range, query, { uid: true }), transferMs)));
  }
  // `n:*` always names the last mail, even when its uid is lower (RFC 3501 section 6.4.8).
  const fresh = listed.filter(
    ({ uid, flags }) => uid > receiver.lastUid && flags?.has('\\Deleted') !== true && flags?.has('\\Draft') !== true,
  );
  return [...new Map(fresh.map((one) => [one.uid, one])).values()].toSorted((a, b) => a.uid - b.uid);
}

async function newRanges(client: ImapFlow, { lastUid, sinceAt }: Receiver): Promise<readonly string[]> {
  if (client.mailbox === false || client.mailbox.exists === 0) return [];
  if (lastUid > 0 || sinceAt === 0) return [`${lastUid + 1}:*`];
  const found = await searchUids(client, { since: new Date(sinceAt) });
  const pieces = Math.ceil(found.length / uidsAtOnce);
  return Array.from({ length: pieces }, (_, piece) => found.slice(piece * uidsAtOnce, (piece + 1) * uidsAtOnce).join(','));
}
