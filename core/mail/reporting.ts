import type { Desk } from '../desk.ts';
import { theirReason } from '../i18n/index.ts';
import { listOf, rowsOf, type ListQuery, type Reader, type Tx } from '../storage/index.ts';
import { systemActor } from '../users/index.ts';
import { namedIdHashes } from './composing.ts';
import { findOutboxEntry } from './outbox-repository.ts';
import { failedRecipients, recordRecipients, type RecipientState } from './recipients-repository.ts';
import { tellFailed } from './settling.ts';
import type { OutboxEntry } from './types.ts';

/** What a server, a mail program or a provider told of a mail after it was sent. */
export interface DeliveryNews {
  /** The mail by its number, where the report came to its own return path; else by the Message-ID the report returns. */
  readonly mail: { readonly outboxId: number } | { readonly messageId: string };
  readonly kind: 'failed' | 'delayed' | 'delivered' | 'read' | 'complaint';
  /** Addresses as the report names them; one the mail did not go to is never held against anybody. */
  readonly recipients: readonly ReportedRecipient[];
  readonly reason: string;
}

export interface ReportedRecipient {
  readonly address: string;
  /** The address after forwarding, if the report names another. */
  readonly finalAddress?: string | undefined;
  /** Enhanced status (RFC 3463). */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly isPermanent?: boolean | undefined;
}

/** The sent mail a report was about; ticket and message are null for mail of the desk itself. */
export interface ReportedMail {
  readonly outboxId: number;
  readonly ticketId: number | null;
  readonly messageId: number | null;
}

const dayMs = 86_400_000;
const warnAfter = 2;
const warnDays = 7;
// No such mailbox, or one that is shut: RFC 3463 sections 3.2 and 3.3.
const deadMailbox = /^5\.(?:1\.\d{1,3}|2\.1)$/;

/**
 * Writes what became of a sent mail on the mail, its recipients and their addresses, inside the caller's transaction.
 * Undefined, and nothing changed, when this desk sent no such mail. Never makes activity that sends mail about a mail
 * no person wrote.
 */
export async function reportDelivery(desk: Desk, tx: Tx, told: DeliveryNews): Promise<ReportedMail | undefined> {
  const news = { ...told, reason: theirReason(told.reason) };
  const entry = await findReported(tx, news.mail);
  if (entry === undefined) return undefined;
  const sentTo = new Set([...entry.envelope.to, ...entry.envelope.cc].map(({ email }) => email.toLowerCase()));
  const named = news.recipients.flatMap((one) => {
    const address = [one.address, one.finalAddress].map((given) => given?.toLowerCase() ?? '').find((given) => sentTo.has(given));
    return address === undefined ? [] : [{ ...one, address, ...(one.reason === undefined ? {} : { reason: theirReason(one.reason) }) }];
  });
  if (news.kind === 'failed') await noteFailure(desk, tx, entry, { ...news, recipients: named });
  else if (news.kind === 'complaint') await noteComplaint(desk, tx, entry, named);
  else if (news.kind !== 'read') await note(desk, tx, entry.id, news.kind, named);
  if (news.kind !== 'failed') await record(desk, tx, entry, news.kind, named[0]?.address);
  return { outboxId: entry.id, ticketId: entry.ticketId, messageId: entry.messageRef };
}

/** What is known of an address: how often mail to it failed for good of late, and whether its owner complained. */
export interface AddressState {
  readonly address: string;
  /** Warn before writing: the mailbox does not exist, or its owner called our mail junk. */
  readonly isDoubtful: boolean;
  readonly bouncedAt: number | null;
  readonly code: string | null;
  readonly complainedAt: number | null;
}

interface AddressReport {
  readonly address: string;
  readonly kind: string;
  readonly code: string | null;
  readonly createdAt: number;
}

/** What was reported of addresses for good, oldest first, for `statesOfReports`. */
export function addressReports(reader: Reader, addresses: readonly string[]): ListQuery<AddressReport> {
  const keys = [...new Set(addresses.map((address) => address.toLowerCase()))];
  return listOf<AddressReport>(reader('address_reports').whereIn('address_key', keys).where({ is_permanent: true }).orderBy('id'), {
    address: 'address_key',
    kind: 'kind',
    code: 'code',
    createdAt: 'created_at',
  });
}

/** States of the addresses that have any, by address in lower case. */
export function statesOfReports(reports: readonly AddressReport[], now: number): ReadonlyMap<string, AddressState> {
  const stateFor = (address: string): AddressState =>
    stateOf(
      address,
      reports.filter((one) => one.address === address),
      now,
    );
  return new Map(reports.map(({ address }) => [address, stateFor(address)] as const));
}

function stateOf(address: string, own: readonly AddressReport[], now: number): AddressState {
  const bounces = own.filter(({ kind }) => kind === 'bounce');
  const dead = bounces.filter(({ code, createdAt }) => deadMailbox.test(code ?? '') && createdAt > now - warnDays * dayMs);
  const complainedAt = own.findLast(({ kind }) => kind === 'complaint')?.createdAt ?? null;
  const last = bounces.at(-1);
  return {
    address,
    isDoubtful: dead.length >= warnAfter || complainedAt !== null,
    bouncedAt: last?.createdAt ?? null,
    code: last?.code ?? null,
    complainedAt,
  };
}

/** States of addresses that have any, by address in lower case. */
export async function addressStates(reader: Reader, addresses: readonly string[], now: number): Promise<ReadonlyMap<string, AddressState>> {
  return statesOfReports(await rowsOf(addressReports(reader, addresses)), now);
}

async function findReported(tx: Tx, mail: DeliveryNews['mail']): Promise<OutboxEntry | undefined> {
  if ('outboxId' in mail) return findOutboxEntry(tx, mail.outboxId);
  const hashes = namedIdHashes(mail.messageId);
  const row = await tx('outbox')
    .where((named) => void named.whereIn('message_id_hash', hashes).orWhereIn('server_id_hash', hashes))
    .first('id');
  return row === undefined ? undefined : findOutboxEntry(tx, row.id);
}

async function noteFailure(desk: Desk, tx: Tx, entry: OutboxEntry, news: DeliveryNews): Promise<void> {
  const now = desk.clock.now();
  const all = [...entry.envelope.to, ...entry.envelope.cc].map(({ email }) => email);
  const only = all.length === 1 ? all : [];
  // A report that names nobody we wrote to, as after forwarding, is about the only recipient, if there is but one.
  const lost = news.recipients.length > 0 ? news.recipients : only.map((address): ReportedRecipient => ({ address, reason: news.reason }));
  for (const { address, code, reason, isPermanent } of news.recipients)
    if (isPermanent === true) await countAgainst(desk, tx, entry, { address, kind: 'bounce', code, reason });
  await note(desk, tx, entry.id, 'failed', lost.length > 0 ? lost : all.map((address) => ({ address, reason: news.reason })));
  const failed = await failedRecipients(tx, entry.id);
  await tx('outbox')
    .where({ id: entry.id })
    .whereIn('state', ['sent', 'failed', 'uncertain'])
    .update({
      state: 'failed',
      error: news.reason,
      envelope: JSON.stringify({ ...entry.envelope, only: failed.map(({ address }) => address) }),
      updated_at: now,
    });
  await tellFailed(desk, tx, entry, news.reason);
}

async function note(desk: Desk, tx: Tx, outboxId: number, state: RecipientState, recipients: readonly ReportedRecipient[]): Promise<void> {
  await recordRecipients(
    tx,
    outboxId,
    recipients.map(({ address, code, reason }) => ({ address, state, code, reason })),
    desk.clock.now(),
  );
}

async function noteComplaint(desk: Desk, tx: Tx, entry: OutboxEntry, recipients: readonly ReportedRecipient[]): Promise<void> {
  for (const { address } of recipients) await countAgainst(desk, tx, entry, { address, kind: 'complaint' });
}

interface Mark {
  readonly address: string;
  readonly kind: 'bounce' | 'complaint';
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

/** Holds a report against an address once per mail, and stops automatic mail there when that is enough. */
async function countAgainst(desk: Desk, tx: Tx, entry: OutboxEntry, { address, kind, code }: Mark): Promise<void> {
  const now = desk.clock.now();
  const mark = { address_key: address, kind, outbox_id: entry.id };
  if ((await tx('address_reports').where(mark).first('id')) !== undefined) return;
  await tx('address_reports').insert({ ...mark, code: code?.slice(0, 20) ?? null, is_permanent: true, created_at: now });
  const emails = () => tx('user_emails').where({ email_key: address });
  if (kind === 'bounce') await emails().update({ bounces: tx.raw('bounces + 1') });
  const isDoubtful = (await addressStates(tx, [address], now)).get(address)?.isDoubtful === true;
  const isNotice = entry.kind === 'notification' && (await noticeBounces(tx, address)) >= warnAfter;
  if (!isDoubtful && !isNotice) return;
  const [stopped]: { user_id: number }[] = await emails().whereNull('suppressed_at').update({ suppressed_at: now }).returning('user_id');
  if (stopped !== undefined && entry.kind === 'notification')
    await desk.events.record(tx, 'mail.alert', {
      actor: systemActor,
      payload: { alert: 'notices-off', address, mailboxId: entry.mailboxId, userId: stopped.user_id },
    });
}

async function noticeBounces(tx: Tx, address: string): Promise<number> {
  const row = await tx('address_reports')
    .join('outbox', 'outbox.id', 'address_reports.outbox_id')
    .where({ 'address_reports.address_key': address, 'address_reports.kind': 'bounce', 'outbox.kind': 'notification' })
    .count({ bounces: '*' })
    .first();
  return Number(row?.['bounces'] ?? 0);
}

async function record(desk: Desk, tx: Tx, entry: OutboxEntry, kind: Exclude<DeliveryNews['kind'], 'failed'>, address = ''): Promise<void> {
  const { id: outboxId, ticketId, messageRef: messageId } = entry;
  await desk.events.record(tx, 'mail.reported', {
    actor: systemActor,
    ...(ticketId === null ? {} : { ticketId }),
    payload: { outboxId, kind, ticketId, messageId, address },
  });
}
