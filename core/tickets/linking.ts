import type { Desk } from '../desk.ts';
import { Conflict } from '../kernel/errors.ts';
import type { Tx } from '../storage/index.ts';
import type { Actor } from '../users/index.ts';
import { mayEdit, require } from './tickets-policy.ts';
import { seeTicket } from './visible-tickets.ts';

/** Links two tickets that belong together, both ways, or removes the link. */
export async function setLink(desk: Desk, actor: Actor, ticketId: number, otherId: number, isLinked: boolean): Promise<void> {
  require(mayEdit(actor), 'tickets.edit');
  if (ticketId === otherId) throw new Conflict('tickets.link-self', { ticketId });
  await seeTicket(desk, actor, ticketId);
  if (isLinked) await seeTicket(desk, actor, otherId);
  await desk.storage.writeTx((tx) => writeLink(desk, tx, actor, { ticketId, otherId, isLinked }));
}

/** The writing half of `setLink`, inside the caller's transaction and without its checks. */
export async function writeLink(
  desk: Desk,
  tx: Tx,
  actor: Actor,
  { ticketId, otherId, isLinked }: { readonly ticketId: number; readonly otherId: number; readonly isLinked: boolean },
): Promise<void> {
  const [first, second] = ticketId < otherId ? [ticketId, otherId] : [otherId, ticketId];
  const pair = { ticket_id: first, other_id: second };
  if (isLinked)
    await tx('ticket_links')
      .insert({ ...pair, kind: 'related', created_at: desk.clock.now() })
      .onConflict(['ticket_id', 'other_id'])
      .ignore();
  else await tx('ticket_links').where(pair).delete();
  await desk.events.record(tx, 'ticket.linked', { actor, ticketId, payload: { ticketId, otherId, isLinked } });
}
