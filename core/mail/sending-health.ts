import type { Reader } from '../storage/index.ts';
import { loopGuardHits } from './loop-guard.ts';
import { findMailAccount, type MailAccount } from './oauth/index.ts';

/** How sending of one mailbox goes, for the health page. */
export interface SendingHealth {
  readonly mailboxId: number;
  /** When the mail that has waited longest should have left; null when none waits. */
  readonly oldestQueuedAt: number | null;
  readonly lastSentAt: number | null;
  readonly lastError: string | null;
  readonly sent7Days: number;
  /** Mails of the last seven days that came back for good, of those sent: 0 to 1. */
  readonly bounceRate7Days: number;
  readonly uncertain: number;
  readonly account: Pick<MailAccount, 'provider' | 'state' | 'expiresAt' | 'error'> | undefined;
}

const dayMs = 86_400_000;

/** Asks everything about the sending of one mailbox. */
export async function sendingHealth(reader: Reader, mailboxId: number, now: number): Promise<SendingHealth> {
  const own = () => reader('outbox').where({ mailbox_id: mailboxId });
  const since = now - 7 * dayMs;
  const [waiting, mailbox, sent, bounced, uncertain, account] = await Promise.all([
    own().whereIn('state', ['queued', 'sending']).where('send_after', '<=', now).min({ at: 'created_at' }).first(),
    reader('mailboxes').where({ id: mailboxId }).first('last_sent_at', 'last_error'),
    own().where('sent_at', '>', since).count({ mails: '*' }).first(),
    reader('address_reports')
      .join('outbox', 'outbox.id', 'address_reports.outbox_id')
      .where({ 'outbox.mailbox_id': mailboxId, 'address_reports.kind': 'bounce' })
      .where('address_reports.created_at', '>', since)
      .countDistinct({ mails: 'address_reports.outbox_id' })
      .first(),
    own().where({ state: 'uncertain' }).count({ mails: '*' }).first(),
    findMailAccount(reader, mailboxId),
  ]);
  const sent7Days = Number(sent?.['mails'] ?? 0);
  const oldest: unknown = waiting?.['at'];
  return {
    mailboxId,
    oldestQueuedAt: oldest === null || oldest === undefined ? null : Number(oldest),
    lastSentAt: mailbox?.last_sent_at ?? null,
    lastError: mailbox?.last_error ?? null,
    sent7Days,
    bounceRate7Days: sent7Days === 0 ? 0 : Math.min(1, Number(bounced?.['mails'] ?? 0) / sent7Days),
    uncertain: Number(uncertain?.['mails'] ?? 0),
    account,
  };
}

/** How often the loop guard held mail back in the last seven days. */
export async function loopGuardHits7Days(reader: Reader, now: number): Promise<number> {
  return [...(await loopGuardHits(reader, now - 7 * dayMs)).values()].reduce((sum, hits) => sum + hits, 0);
}
