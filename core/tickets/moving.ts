import type { Desk } from '../desk.ts';
import { type Actor } from '../users/index.ts';
import { mayDelete, mayEdit, require } from './tickets-policy.ts';
import { updateTicket } from './tickets-repository.ts';
import type { Place, Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/** Moves a ticket to spam or trash, or back to the desk. Nothing is erased. */
export async function moveTicket(desk: Desk, actor: Actor, ticketId: number, place: Place): Promise<Ticket> {
  const before = await seeTicket(desk, actor, ticketId);
  require(place === 'trash' || before.place === 'trash' ? mayDelete(actor) : mayEdit(actor), place === 'trash'
    ? 'tickets.delete'
    : 'tickets.edit');
  if (before.place === place) return before;
  return desk.storage.writeTx(async (tx) => {
    const ticket = await updateTicket(tx, ticketId, { place, updated_at: desk.clock.now() });
    await desk.events.record(tx, 'ticket.moved', { actor, ticketId, payload: { ticketId, from: before.place, to: place } });
    return ticket;
  });
}
