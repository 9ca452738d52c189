import type { Desk } from '../desk.ts';
import { findMailbox } from './mailboxes.ts';
import { providerOf } from './providers.ts';
import type { OutboxEntry } from './types.ts';

const minuteMs = 60_000;
const usualPerMinute = 300;

/** Milliseconds until the mailbox may send again; 0 is now. The limit is the mailbox's own or the one its provider is known for. */
export async function waitForTurn(desk: Desk, { mailboxId }: OutboxEntry): Promise<number> {
  if (mailboxId === null) return 0;
  const mailbox = await findMailbox(desk.storage.read, mailboxId);
  if (mailbox === undefined) return 0;
  const limit = mailbox.perMinute ?? providerOf(mailbox.transport?.host)?.perMinute ?? usualPerMinute;
  const now = desk.clock.now();
  const sent: number[] = await desk.storage
    .read('outbox')
    .where({ mailbox_id: mailboxId })
    .where('sent_at', '>', now - minuteMs)
    .orderBy('sent_at', 'desc')
    .limit(limit)
    .pluck('sent_at');
  const oldest = sent.at(-1);
  return sent.length < limit || oldest === undefined ? 0 : Math.max(1, oldest + minuteMs - now);
}
