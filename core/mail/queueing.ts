import type { Desk } from '../desk.ts';
import type { Tx } from '../storage/index.ts';
import { mailIdHash, newMessageId } from './composing.ts';
import type { OutboxEntry, OutboxFile } from './types.ts';

interface NewOutboxMail {
  readonly kind: OutboxEntry['kind'];
  readonly ticketId?: number | undefined;
  readonly messageRef?: number | undefined;
  readonly mailboxId?: number | undefined;
  readonly envelope: OutboxEntry['envelope'];
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly files?: readonly OutboxFile[] | undefined;
  readonly messageId?: string | undefined;
  readonly undoMs?: number | undefined;
  readonly error?: string | undefined;
}

const connectionsPerMailbox = 2;

/** Stores a mail with its recipients and content, and the job that sends it unless it has failed already. */
export async function queueMail(desk: Desk, tx: Tx, mail: NewOutboxMail): Promise<void> {
  const now = desk.clock.now();
  const messageId = mail.messageId ?? newMessageId(mail.envelope.from.email);
  const sendAfter = now + (mail.undoMs ?? 0);
  const [row]: { id: number }[] = await tx('outbox')
    .insert({
      kind: mail.kind,
      ticket_id: mail.ticketId ?? null,
      message_ref: mail.messageRef ?? null,
      mailbox_id: mail.mailboxId ?? null,
      state: mail.error === undefined ? ((mail.undoMs ?? 0) > 0 ? 'held' : 'queued') : 'failed',
      envelope: JSON.stringify(mail.envelope),
      headers: JSON.stringify(mail.headers),
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      files: JSON.stringify(mail.files ?? []),
      message_id: messageId,
      message_id_hash: mailIdHash(messageId),
      send_after: sendAfter,
      error: mail.error ?? null,
      created_at: now,
      updated_at: now,
    })
    .returning('id');
  const id = row?.id ?? 0;
  if (mail.error === undefined)
    await scheduleSending(desk, tx, { id, kind: mail.kind, mailboxId: mail.mailboxId ?? null, ticketId: mail.ticketId ?? null }, sendAfter);
}

/** The job that sends a stored mail. */
export async function scheduleSending(
  desk: Desk,
  tx: Tx,
  entry: Pick<OutboxEntry, 'id' | 'kind' | 'mailboxId' | 'ticketId'>,
  runAt: number,
): Promise<void> {
  const { id, kind, mailboxId, ticketId } = entry;
  const isToCustomer = ticketId !== null && kind !== 'notification';
  await desk.jobs.enqueue(tx, {
    name: 'mail.send',
    payload: { outboxId: id },
    lane: 'interactive',
    runAt,
    dedupeKey: sendingKey(id),
    // Two connections a mailbox, whatever the number of processes.
    concurrencyKey: `smtp:${mailboxId ?? 0}:${id % connectionsPerMailbox}`,
    ...(isToCustomer ? { orderKey: `mail:ticket:${ticketId}` } : {}),
    maxAttempts: 15,
  });
}

/** Whoever asks for a mail twice gets one job. */
export function sendingKey(outboxId: number): string {
  return `mail.send:${outboxId}`;
}
