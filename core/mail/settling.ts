import type { Desk } from '../desk.ts';
import { isOwnReason, reasonInWords } from '../i18n/index.ts';
import { TryLater, type JobRun } from '../jobs/index.ts';
import type { Tx } from '../storage/index.ts';
import { systemActor } from '../users/index.ts';
import { mailIdHash, replacedMessageId } from './composing.ts';
import { moveOutboxState } from './outbox-repository.ts';
import { failedRecipients, recipientsOf, recordRecipients, type RecipientResult } from './recipients-repository.ts';
import { doubtMs, nextTryIn } from './retry-schedule.ts';
import { keepSentCopy } from './sent-copy.ts';
import type { RecipientRefusal } from './smtp-failure.ts';
import type { SmtpAnswer } from './transports.ts';
import type { OutboxEntry } from './types.ts';

/** What one try came to: what is known of each recipient, or that nothing is. */
export type Outcome =
  | { readonly kind: 'known'; readonly response: string | null; readonly results: readonly RecipientResult[] }
  | { readonly kind: 'doubt'; readonly reason: string }
  | { readonly kind: 'found' };

export const wasFound: Outcome = { kind: 'found' };

export function doubted(reason: string): Outcome {
  return { kind: 'doubt', reason };
}

/** The server took the mail for some or all of its recipients. */
export function answered({ accepted, refused, response }: SmtpAnswer): Outcome {
  return {
    kind: 'known',
    response,
    results: [...accepted.map((address) => ({ address, state: 'sent' as const })), ...refused.map(resultOf)],
  };
}

/** The server took the mail for nobody. */
export function failed(
  entry: OutboxEntry,
  failure: {
    readonly isPermanent: boolean;
    readonly reason: string;
    readonly code?: string | undefined;
    readonly refused?: readonly RecipientRefusal[] | undefined;
  },
): Outcome {
  const { isPermanent, reason, code, refused = [] } = failure;
  const each = recipientsOf(entry).map((address): RecipientResult => {
    const own = refused.find((one) => one.address.toLowerCase() === address.toLowerCase());
    return own === undefined ? { address, state: isPermanent ? 'failed' : 'waiting', code, reason } : resultOf(own);
  });
  return { kind: 'known', response: null, results: each };
}

function resultOf({ address, code, isPermanent, reason }: RecipientRefusal): RecipientResult {
  return { address, state: isPermanent ? 'failed' : 'waiting', code, reason };
}

/** Writes what a try came to, together with the end of its job, or asks for the next try. */
export async function settle(desk: Desk, job: JobRun, entry: OutboxEntry, outcome: Outcome): Promise<void> {
  if (outcome.kind === 'doubt') return settleDoubt(desk, entry, outcome.reason);
  const now = desk.clock.now();
  const stated: readonly RecipientResult[] =
    outcome.kind === 'found' ? recipientsOf(entry).map((address) => ({ address, state: 'sent' })) : outcome.results;
  const delay = nextTryIn(entry.deferrals + 1, entry.firstTriedAt ?? now, now);
  const results = stated.map((one) => (one.state === 'waiting' && delay === undefined ? { ...one, state: 'failed' as const } : one));
  const waiting = results.filter(({ state }) => state === 'waiting');
  const refused = results.filter(({ state }) => state === 'failed');
  const reason = reasonFor(results);
  await desk.storage.writeTx(async (tx) => {
    await recordRecipients(tx, entry.id, results, now);
    await noteOnMailbox(tx, entry, now, results.some(({ state }) => state === 'sent') ? undefined : reason);
    if (refused.length > 0) await tellFailed(desk, tx, entry, reasonFor(refused));
    if (waiting.length > 0) {
      await moveOutboxState(tx, entry.id, ['sending', 'uncertain'], {
        state: 'queued',
        error: reason,
        deferrals: entry.deferrals + 1,
        send_after: now + (delay ?? 0),
        envelope: JSON.stringify({ ...entry.envelope, only: waiting.map(({ address }) => address) }),
        updated_at: now,
      });
      if (entry.ticketId !== null) tx.afterCommit(() => desk.live.announce([`ticket:${entry.ticketId}`]));
      return;
    }
    await finish(desk, tx, entry, { outcome, reason, now });
    await job.finish(tx);
  });
  if (waiting.length > 0) throw new TryLater('The server put the mail off.', delay ?? 0, { isFree: true });
}

async function finish(
  desk: Desk,
  tx: Tx,
  entry: OutboxEntry,
  { outcome, reason, now }: { readonly outcome: Outcome; readonly reason: string; readonly now: number },
): Promise<void> {
  // One that was refused on an earlier try counts as much as one refused now.
  const lost = await failedRecipients(tx, entry.id);
  const response = outcome.kind === 'known' ? outcome.response : null;
  const replaced = response === null ? undefined : replacedMessageId(response);
  await moveOutboxState(tx, entry.id, ['sending', 'uncertain'], {
    state: lost.length > 0 ? 'failed' : 'sent',
    error: lost.length > 0 ? reason || reasonFor(lost) : null,
    ...(response === null && outcome.kind === 'known' ? {} : { sent_at: now, response: response?.slice(0, 500) ?? null }),
    ...(replaced === undefined ? {} : { server_id_hash: mailIdHash(replaced) }),
    ...(lost.length > 0 ? { envelope: JSON.stringify({ ...entry.envelope, only: lost.map(({ address }) => address) }) } : {}),
    updated_at: now,
  });
  if (outcome.kind === 'known' && response !== null) await keepSentCopy(desk, tx, entry);
  if (lost.length > 0) return;
  await desk.events.record(tx, 'mail.sent', {
    actor: systemActor,
    ...(entry.ticketId === null ? {} : { ticketId: entry.ticketId }),
    payload: { outboxId: entry.id, ticketId: entry.ticketId, messageId: entry.messageRef, mayBeDoubled: entry.mayBeDoubled },
  });
}

async function settleDoubt(desk: Desk, entry: OutboxEntry, reason: string): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    await moveOutboxState(tx, entry.id, ['sending'], {
      state: 'uncertain',
      doubts: entry.doubts + 1,
      error: reason,
      send_after: now + doubtMs,
      updated_at: now,
    });
    await noteOnMailbox(tx, entry, now, reason);
    if (entry.ticketId !== null) tx.afterCommit(() => desk.live.announce([`ticket:${entry.ticketId}`]));
  });
  throw new TryLater('Nobody knows whether the mail arrived.', doubtMs, { isFree: true });
}

async function noteOnMailbox(tx: Tx, { mailboxId }: OutboxEntry, now: number, error: string | undefined): Promise<void> {
  if (mailboxId === null) return;
  const change =
    error === undefined ? { last_sent_at: now, last_error: null, last_error_at: null } : { last_error: error, last_error_at: now };
  await tx('mailboxes').where({ id: mailboxId }).update(change);
}

/** Records that a mail will not reach somebody; only a person's own mail makes anybody be told. */
export async function tellFailed(
  desk: Desk,
  tx: Tx,
  mail: Pick<OutboxEntry, 'id' | 'kind' | 'ticketId' | 'messageRef'>,
  error: string,
): Promise<void> {
  await desk.events.record(tx, 'mail.failed', {
    actor: systemActor,
    ...(mail.ticketId === null ? {} : { ticketId: mail.ticketId }),
    payload: {
      outboxId: mail.id,
      kind: mail.kind,
      ticketId: mail.ticketId,
      messageId: mail.messageRef,
      error: reasonInWords(desk.translatorFor('en'), error).slice(0, 300),
    },
  });
}

function reasonFor(results: readonly RecipientResult[]): string {
  const told = results.filter(({ state, reason }) => state !== 'sent' && reason !== undefined);
  // Words of ours are about the desk and not about one recipient.
  const own = told.find(({ reason }) => isOwnReason(reason ?? ''))?.reason;
  if (own !== undefined) return own;
  const same = new Set(told.map(({ reason }) => reason)).size === 1;
  const words = same ? (told[0]?.reason ?? '') : told.map(({ address, reason }) => `${address}: ${reason}`).join('; ');
  return (told.length === 1 && told[0] !== undefined ? `${told[0].address}: ${words}` : words).slice(0, 1000);
}
