import type { Desk } from '../desk.ts';
import { Invalid } from '../kernel/errors.ts';
import type { Tx } from '../storage/index.ts';
import { findUser, type Actor } from '../users/index.ts';
import { mayEdit, require } from './tickets-policy.ts';
import { updateTicket } from './tickets-repository.ts';
import type { Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/** Gives the ticket to an agent, or to nobody. @throws Invalid `tickets.not-an-agent`. */
export async function assign(desk: Desk, actor: Actor, ticketId: number, assigneeId: number | null): Promise<Ticket> {
  const ticket = await seeTicket(desk, actor, ticketId);
  require(mayEdit(actor), 'tickets.edit');
  return desk.storage.writeTx((tx) => applyAssignee(desk, tx, actor, ticket, assigneeId));
}

export async function applyAssignee(desk: Desk, tx: Tx, actor: Actor, ticket: Ticket, assigneeId: number | null): Promise<Ticket> {
  if (ticket.assigneeId === assigneeId) return ticket;
  if (assigneeId !== null) {
    const assignee = await findUser(tx, assigneeId);
    if (assignee === undefined || assignee.role.kind !== 'agent' || !assignee.isActive || assignee.deletedAt !== null)
      throw new Invalid('tickets.not-an-agent', { assigneeId, fields: ['assignee'] });
  }
  const updated = await updateTicket(tx, ticket.id, { assignee_id: assigneeId, updated_at: desk.clock.now() });
  await desk.events.record(tx, 'ticket.assigned', {
    actor,
    ticketId: ticket.id,
    payload: { ticketId: ticket.id, from: ticket.assigneeId, to: assigneeId },
  });
  return updated;
}
