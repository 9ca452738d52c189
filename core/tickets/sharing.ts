import type { Desk } from '../desk.ts';
import type { Tx } from '../storage/index.ts';
import type { Ticket } from './types.ts';
import { countShare, lockTicket } from './tickets-repository.ts';

/** Shows a ticket in the lists of a further mailbox; its own mailbox and one that has it already change nothing. */
export async function shareTicket(desk: Desk, tx: Tx, ticketId: number, mailboxId: number): Promise<void> {
  const ticket = await lockTicket(tx, ticketId);
  if (ticket === undefined || ticket.mailboxId === mailboxId) return;
  const added: number[] = await tx('ticket_mailboxes')
    .insert({ ticket_id: ticketId, mailbox_id: mailboxId, created_at: desk.clock.now() })
    .onConflict(['ticket_id', 'mailbox_id'])
    .ignore()
    .returning('mailbox_id');
  if (added.length > 0) await countShare(tx, ticket, mailboxId, 1);
}

/** Gives the further mailboxes of a ticket to the one it becomes part of. */
export async function moveShares(tx: Tx, from: Ticket, into: Ticket): Promise<void> {
  const kept: number[] = await tx('ticket_mailboxes').where({ ticket_id: into.id }).pluck('mailbox_id');
  const moved: number[] = await tx('ticket_mailboxes').where({ ticket_id: from.id }).whereNotIn('mailbox_id', kept).pluck('mailbox_id');
  await tx('ticket_mailboxes').where({ ticket_id: from.id }).whereIn('mailbox_id', moved).update({ ticket_id: into.id });
  for (const mailboxId of moved) {
    await countShare(tx, from, mailboxId, -1);
    await countShare(tx, into, mailboxId, 1);
  }
}
