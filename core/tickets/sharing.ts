import type { Desk } from '../desk.ts';
import type { Tx } from '../storage/index.ts';
import { findTicket } from './tickets-repository.ts';

/** Shows a ticket in the lists of a further mailbox; its own mailbox and one that has it already change nothing. */
export async function shareTicket(desk: Desk, tx: Tx, ticketId: number, mailboxId: number): Promise<void> {
  const ticket = await findTicket(tx, ticketId);
  if (ticket === undefined || ticket.mailboxId === mailboxId) return;
  await tx('ticket_mailboxes')
    .insert({ ticket_id: ticketId, mailbox_id: mailboxId, created_at: desk.clock.now() })
    .onConflict(['ticket_id', 'mailbox_id'])
    .ignore();
}
