import type { Desk } from '../desk.ts';
import { Conflict } from '../kernel/errors.ts';
import type { Actor } from '../users/index.ts';
import { moveShares } from './sharing.ts';
import { mayEdit, require } from './tickets-policy.ts';
import { lockTicket, updateTicket } from './tickets-repository.ts';
import type { Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/**
 * Moves the messages, followers and tags of one ticket into another, which keeps its requester. The old
 * number goes on leading there, and mail that answers the old ticket lands in the new one.
 *
 * @throws Conflict `tickets.merge-self`, `tickets.already-merged`.
 */
export async function mergeTickets(desk: Desk, actor: Actor, ticketId: number, intoId: number): Promise<Ticket> {
  require(mayEdit(actor), 'tickets.edit');
  if (ticketId === intoId) throw new Conflict('tickets.merge-self', { ticketId });
  return desk.storage.writeTx(async (tx) => {
    // In one order, so that two merges of one pair do not wait for each other.
    for (const id of [ticketId, intoId].toSorted((a, b) => a - b)) await lockTicket(tx, id);
    const from = await seeTicket(desk, actor, ticketId, tx);
    const into = await seeTicket(desk, actor, intoId, tx);
    if (from.mergedIntoId !== null || into.mergedIntoId !== null) throw new Conflict('tickets.already-merged', { ticketId, intoId });
    const now = desk.clock.now();
    await tx('messages').where({ ticket_id: ticketId }).update({ ticket_id: intoId });
    await tx('outbox').where({ ticket_id: ticketId }).update({ ticket_id: intoId });
    await tx('search_documents').where({ ticket_id: ticketId, kind: 'message' }).update({ ticket_id: intoId });
    await tx('notifications').where({ ticket_id: ticketId }).update({ ticket_id: intoId });
    for (const [table, key] of [
      ['followers', 'user_id'],
      ['ticket_tags', 'tag_id'],
    ] as const) {
      const kept: number[] = await tx(table).where({ ticket_id: intoId }).pluck(key);
      await tx(table).where({ ticket_id: ticketId }).whereNotIn(key, kept).update({ ticket_id: intoId });
    }
    await moveShares(tx, from, into);
    await tx('ticket_aliases').where({ ticket_id: ticketId }).update({ ticket_id: intoId });
    await tx('ticket_aliases').insert({ number: from.number, ticket_id: intoId, reason: 'merged' });
    // The shell stays for its number and its events, but leaves every list.
    const gone = await updateTicket(tx, ticketId, { merged_into_id: intoId, message_count: 0, last_message_id: null, updated_at: now });
    await tx('tickets').where({ id: gone.id }).update({ deleted_at: now });
    const newest = await tx('messages').where({ ticket_id: intoId }).whereNull('deleted_at').orderBy('id', 'desc').first('id');
    const merged = await updateTicket(tx, intoId, {
      message_count: into.messageCount + from.messageCount,
      last_message_id: newest?.id ?? into.lastMessageId,
      last_message_at: Math.max(into.lastMessageAt, from.lastMessageAt),
      updated_at: now,
    });
    await desk.events.record(tx, 'ticket.merged', { actor, ticketId: intoId, payload: { ticketId, intoId } });
    return merged;
  });
}
