import type { Timestamp } from '../kernel/clock.ts';
import type { Reader } from '../storage/index.ts';

/** How sending through one mailbox goes; counts are of the last 24 hours. */
export interface MailFigures {
  readonly lastSentAt: Timestamp | null;
  /** When the mail that waits longest was queued; null when none waits. */
  readonly oldestQueuedAt: Timestamp | null;
  readonly sent: number;
  readonly failed: number;
}

const dayMs = 86_400_000;
const mostCounted = 5000;

/** Figures by mailbox id; a mailbox that never sent has none. */
export async function mailFigures(reader: Reader, now: Timestamp): Promise<ReadonlyMap<number, MailFigures>> {
  const waiting: { mailbox_id: number; since: number }[] = await reader('outbox')
    .whereIn('state', ['queued', 'sending', 'uncertain'])
    .where('send_after', '<=', now)
    .whereNotNull('mailbox_id')
    .groupBy('mailbox_id')
    .select('mailbox_id')
    .min({ since: 'created_at' });
  const newest = await reader('outbox').max({ id: 'id' }).first();
  const recent: { mailbox_id: number; state: string; mails: number | string }[] = await reader('outbox')
    .whereIn('state', ['sent', 'failed'])
    // The figure may leave out the rest of a very busy day; a look at the whole table may not.
    .where('id', '>', Number(newest?.id ?? 0) - mostCounted)
    .where('updated_at', '>', now - dayMs)
    .whereNotNull('mailbox_id')
    .groupBy('mailbox_id', 'state')
    .select('mailbox_id', 'state')
    .count({ mails: '*' });
  const mailboxes: { id: number; last_sent_at: number | null }[] = await reader('mailboxes').select('id', 'last_sent_at');
  const count = (id: number, state: string): number =>
    Number(recent.find((row) => row.mailbox_id === id && row.state === state)?.mails ?? 0);
  return new Map(
    mailboxes.map(({ id, last_sent_at: lastSentAt }) => [
      id,
      {
        lastSentAt,
        oldestQueuedAt: waiting.find((row) => row.mailbox_id === id)?.since ?? null,
        sent: count(id, 'sent'),
        failed: count(id, 'failed'),
      },
    ]),
  );
}
