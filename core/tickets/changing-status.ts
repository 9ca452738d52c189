import type { Desk } from '../desk.ts';
import { Refused } from '../kernel/errors.ts';
import type { Tx } from '../storage/index.ts';
import type { Actor } from '../users/index.ts';
import { mayChangeStatus, require } from './tickets-policy.ts';
import { updateTicket } from './tickets-repository.ts';
import type { Status, Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/** @throws Forbidden, Refused when a plugin objects to solving or closing. */
export async function changeStatus(desk: Desk, actor: Actor, ticketId: number, key: string): Promise<Ticket> {
  const ticket = await seeTicket(desk, actor, ticketId);
  const status = await desk.statuses.byKey(key);
  require(mayChangeStatus(actor, ticket, status.category), 'tickets.edit');
  await refuseClosing(desk, ticket, status);
  return desk.storage.writeTx(async (tx) => applyStatus(desk, tx, actor, await seeTicket(desk, actor, ticketId, tx), status));
}

/** Asks the plugins before a ticket is solved or closed. @throws Refused with the plugin's reason. */
export async function refuseClosing(desk: Desk, ticket: Ticket, status: Status): Promise<void> {
  if (status.category === ticket.category || (status.category !== 'solved' && status.category !== 'closed')) return;
  const verdict = await desk.hooks.decide('ticket.close', { ticketId: ticket.id, category: status.category });
  if (verdict !== undefined) throw new Refused('tickets.close-refused', { message: verdict.reason });
}

/** Sets the status inside a transaction; the same status again changes nothing. */
export async function applyStatus(desk: Desk, tx: Tx, actor: Actor, ticket: Ticket, status: Status): Promise<Ticket> {
  if (ticket.statusId === status.id) return ticket;
  const now = desk.clock.now();
  const before = await desk.statuses.byId(ticket.statusId);
  const updated = await updateTicket(tx, ticket.id, {
    status_id: status.id,
    category: status.category,
    updated_at: now,
    solved_at: status.category === 'solved' || status.category === 'closed' ? (ticket.solvedAt ?? now) : null,
    closed_at: status.category === 'closed' ? now : null,
    ...(status.category === 'open' ? {} : { snoozed_until: null }),
  });
  await desk.events.record(tx, 'ticket.status-changed', {
    actor,
    ticketId: ticket.id,
    payload: { ticketId: ticket.id, from: before.key, to: status.key, category: status.category },
  });
  return updated;
}
