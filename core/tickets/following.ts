import type { Desk } from '../desk.ts';
import type { Tx } from '../storage/index.ts';
import { userIdOf, type Actor } from '../users/index.ts';
import { seeTicket } from './visible-tickets.ts';

/** Follows or unfollows for oneself: followers hear of every customer reply. */
export async function setFollowing(desk: Desk, actor: Actor, ticketId: number, isFollowing: boolean): Promise<void> {
  await seeTicket(desk, actor, ticketId);
  const userId = userIdOf(actor);
  if (userId === null) return;
  await desk.storage.writeTx(async (tx) => {
    if (isFollowing) return follow(desk, tx, { actor, ticketId, userId });
    const removed = await tx('followers').where({ ticket_id: ticketId, user_id: userId }).delete();
    if (removed > 0)
      await desk.events.record(tx, 'ticket.followed', { actor, ticketId, payload: { ticketId, userId, isFollowing: false } });
  });
}

export async function follow(desk: Desk, tx: Tx, who: { actor: Actor; ticketId: number; userId: number }): Promise<void> {
  const { actor, ticketId, userId } = who;
  const added = await tx('followers')
    .insert({ ticket_id: ticketId, user_id: userId, created_at: desk.clock.now() })
    .onConflict(['ticket_id', 'user_id'])
    .ignore()
    .returning('user_id');
  if (added.length > 0)
    await desk.events.record(tx, 'ticket.followed', { actor, ticketId, payload: { ticketId, userId, isFollowing: true } });
}
