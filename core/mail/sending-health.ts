import type { Timestamp } from '../kernel/clock.ts';
import type { Reader } from '../storage/index.ts';
import { loopGuardHits } from './loop-guard.ts';

/** How sending of one mailbox goes, for the health page. */
export interface SendingHealth {
  /** When the mail that has waited longest was queued; null when none waits. */
  readonly oldestQueuedAt: number | null;
  readonly lastSentAt: number | null;
  readonly lastError: string | null;
  readonly sent7Days: number;
  readonly failed7Days: number;
  /** Mails of the last seven days that came back for good, of those sent: 0 to 1. */
  readonly bounceRate7Days: number;
  /** Mails of which nobody can say whether they arrived; a person has to decide. */
  readonly uncertain: number;
  /** How often the loop guard held automatic mail of this mailbox back. */
  readonly loopGuardHits7Days: number;
}

const dayMs = 86_400_000;

/** Asks everything about the sending of one mailbox, or with null of mail that belongs to none, such as sign-in links. */
export async function sendingHealth(reader: Reader, mailboxId: number | null, now: Timestamp): Promise<SendingHealth> {
  const own = () => reader('outbox').where({ mailbox_id: mailboxId });
  const since = now - 7 * dayMs;
  const [waiting, mailbox, sent, failed, bounced, uncertain, hits] = await Promise.all([
    own()
      .whereIn('state', ['queued', 'sending'])
      // What was put off waits all the same, until whenever it is tried again.
      .where((due) => void due.where('send_after', '<=', now).orWhere('attempts', '>', 0))
      .min({ figure: 'created_at' })
      .first(),
    mailboxId === null ? lastOfDesk(reader) : reader('mailboxes').where({ id: mailboxId }).first('last_sent_at', 'last_error'),
    own().where('sent_at', '>', since).count({ figure: '*' }).first(),
    own().where({ state: 'failed' }).where('updated_at', '>', since).count({ figure: '*' }).first(),
    reader('address_reports')
      .join('outbox', 'outbox.id', 'address_reports.outbox_id')
      .where({ 'outbox.mailbox_id': mailboxId, 'address_reports.kind': 'bounce' })
      .where('address_reports.created_at', '>', since)
      .countDistinct({ figure: 'address_reports.outbox_id' })
      .first(),
    own().where({ state: 'uncertain' }).count({ figure: '*' }).first(),
    loopGuardHits(reader, since, mailboxId ?? 0),
  ]);
  const sent7Days = figureOf(sent) ?? 0;
  return {
    oldestQueuedAt: figureOf(waiting),
    lastSentAt: mailbox?.last_sent_at ?? null,
    lastError: mailbox?.last_error ?? null,
    sent7Days,
    failed7Days: figureOf(failed) ?? 0,
    bounceRate7Days: sent7Days === 0 ? 0 : Math.min(1, (figureOf(bounced) ?? 0) / sent7Days),
    uncertain: figureOf(uncertain) ?? 0,
    loopGuardHits7Days: hits,
  };
}

async function lastOfDesk(reader: Reader): Promise<{ last_sent_at: number | null; last_error: string | null }> {
  const own = () => reader('outbox').where({ mailbox_id: null }).orderBy('updated_at', 'desc');
  const [sent, waiting] = await Promise.all([
    own().where({ state: 'sent' }).first('sent_at'),
    own().whereIn('state', ['queued', 'sending', 'uncertain']).whereNotNull('error').first('error'),
  ]);
  return { last_sent_at: sent?.sent_at ?? null, last_error: waiting?.error ?? null };
}

/** How often the loop guard held mail back in the last seven days. */
export function loopGuardHits7Days(reader: Reader, now: Timestamp): Promise<number> {
  return loopGuardHits(reader, now - 7 * dayMs);
}

function figureOf(row: Readonly<Record<string, unknown>> | undefined): number | null {
  const figure = row?.['figure'] ?? null;
  return figure === null ? null : Number(figure);
}
