import { createHash } from 'node:crypto';
import type { FetchMessageObject, ImapFlow } from 'imapflow';
import { ownReason, Unavailable } from '@helpdesk/core/plugin';
import { fetchBeginning } from './beginning.ts';
import { within } from './imap-connection.ts';
import type { Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import type { RawMail } from './storing.ts';

const batchCount = 25;
const batchBytes = 8 * 1024 * 1024;
/** Milliseconds a command that brings lists or mails may take. */
export const transferMs = 180_000;

/** Stands in for a mail of which nothing came. */
const nothingCame = Buffer.from('\r\n');
const nothingHash = createHash('sha256').update(nothingCame).digest('hex');

/** Whether nothing of a mail came yet: it is still on the server alone. */
export function isStandIn({ sha256 }: { readonly sha256: string }): boolean {
  return sha256 === nothingHash;
}

/** One pass over a folder that is open. */
export interface Pass {
  readonly client: ImapFlow;
  readonly receiver: Receiver;
  readonly maxBytes: number;
}

/** What was listed in pieces that are fetched with one command each. */
export function* batchesOf(listed: readonly FetchMessageObject[], atMost = batchCount): Generator<readonly FetchMessageObject[]> {
  let batch: FetchMessageObject[] = [];
  let bytes = 0;
  for (const one of listed) {
    const size = one.size ?? 0;
    if (batch.length > 0 && (batch.length >= atMost || bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Brings the mails of a batch; of one over the limit the beginning. @throws what the server or the line says. */
export async function transfer(ctx: InboxContext, pass: Pass, batch: readonly FetchMessageObject[]): Promise<readonly RawMail[]> {
  const { client, maxBytes } = pass;
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
    // One that did not come with the others is asked for alone once more; it may have been deleted meanwhile.
    const source = sources.get(one.uid) ?? (await (isTooLarge ? fetchBeginning : fetchAlone)(client, one.uid));
    if (source === undefined) {
      if (await isThere(client, one.uid))
        throw new Unavailable('email-inbox.no-content', { message: 'The server lists a mail and does not send it.' });
      ctx.log.info('A mail was removed from the server before it was fetched.', { mailboxId: pass.receiver.mailboxId, uid: one.uid });
      continue;
    }
    const cut = isTooLarge ? ownReason('email-inbox.cut.beginning', { size: one.size, limit: maxBytes }) : undefined;
    mails.push({ ...placeOf(ctx, pass, one), raw: source, cut });
  }
  return mails;
}

/**
 * Stands in for a mail that the server does not deliver: as much of its beginning as comes, or nothing but a place for
 * the reason. The mail itself stays on the server.
 */
export async function standIn(ctx: InboxContext, pass: Pass, one: FetchMessageObject): Promise<RawMail> {
  const why = pass.receiver.lastError ?? ownReason('email-inbox.cut.no-reason');
  const beginning = await fetchBeginning(pass.client, one.uid).catch(() => undefined);
  ctx.log.warn('The server does not deliver a mail; it is passed.', { mailboxId: pass.receiver.mailboxId, uid: one.uid, why });
  return {
    ...placeOf(ctx, pass, one),
    raw: beginning ?? nothingCame,
    cut: ownReason(`email-inbox.cut.${beginning === undefined ? 'nothing' : 'rest'}`, { why }),
    isHeld: beginning === undefined,
  };
}

function placeOf(ctx: InboxContext, { receiver }: Pass, { uid, internalDate }: FetchMessageObject) {
  return {
    account: receiver.account,
    folder: receiver.folder,
    uidValidity: receiver.uidValidity,
    uid,
    receivedAt: timeOf(internalDate) ?? ctx.clock.now(),
  };
}

async function fetchAlone(client: ImapFlow, uid: number): Promise<Buffer | undefined> {
  const query = { uid: true, source: true };
  const one = await within(client, 'fetch one mail', client.fetchOne(String(uid), query, { uid: true }), transferMs);
  return one === false || one === undefined ? undefined : one.source;
}

async function isThere(client: ImapFlow, uid: number): Promise<boolean> {
  return Boolean(await within(client, 'look for one mail', client.fetchOne(String(uid), { uid: true, flags: true }, { uid: true })));
}

function timeOf(date: Date | string | undefined): number | undefined {
  const time = date === undefined ? Number.NaN : new Date(date).getTime();
  return Number.isNaN(time) ? undefined : time;
}
