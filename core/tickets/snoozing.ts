import type { Desk } from '../desk.ts';
import { Invalid } from '../kernel/errors.ts';
import { systemActor, type Actor } from '../users/index.ts';
import { mayEdit, require } from './tickets-policy.ts';
import { findTicket, updateTicket } from './tickets-repository.ts';
import type { Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/** Puts the ticket away until a moment, or brings it back with null. @throws Invalid when the moment is not in the future. */
export async function snooze(desk: Desk, actor: Actor, ticketId: number, until: number | null): Promise<Ticket> {
  await seeTicket(desk, actor, ticketId);
  require(mayEdit(actor), 'tickets.edit');
  if (until !== null && !(until > desk.clock.now())) throw new Invalid('tickets.snooze-past', { fields: ['until'] });
  return desk.storage.writeTx(async (tx) => {
    const ticket = await updateTicket(tx, ticketId, { snoozed_until: until, updated_at: desk.clock.now() });
    await desk.events.record(tx, 'ticket.snoozed', { actor, ticketId, payload: { ticketId, until } });
    if (until !== null) await desk.jobs.enqueue(tx, { name: 'tickets.wake', payload: { ticketId, until }, runAt: until });
    return ticket;
  });
}

/** The job at the end of a snooze. A snooze that was changed since has its own job. */
export async function wake(desk: Desk, payload: Readonly<Record<string, unknown>>): Promise<void> {
  const ticketId = Number(payload['ticketId']);
  await desk.storage.writeTx(async (tx) => {
    const ticket = await findTicket(tx, ticketId);
    if (ticket === undefined || ticket.snoozedUntil !== payload['until']) return;
    await updateTicket(tx, ticketId, { snoozed_until: null, last_message_at: desk.clock.now(), updated_at: desk.clock.now() });
    await desk.events.record(tx, 'ticket.snoozed', { actor: systemActor, ticketId, payload: { ticketId, until: null } });
  });
}
