import type { Desk } from '../desk.ts';
import { userIdOf, type Actor } from '../users/index.ts';

/** Marks notifications of the actor as read: one, all of a ticket, or all. */
export async function markRead(desk: Desk, actor: Actor, which: { id: number } | { ticketId: number } | 'all'): Promise<void> {
  const userId = userIdOf(actor);
  if (userId === null) return;
  const where = which === 'all' ? {} : 'id' in which ? { id: which.id } : { ticket_id: which.ticketId };
  const unread = await desk.storage
    .read('notifications')
    .where({ user_id: userId, ...where })
    .whereNull('read_at')
    .first('id');
  if (unread === undefined) return;
  await desk.storage.writeTx(async (tx) => {
    await tx('notifications')
      .where({ user_id: userId, ...where })
      .whereNull('read_at')
      .update({ read_at: desk.clock.now() });
    tx.afterCommit(() => desk.live.announce([`user:${userId}`]));
  });
}
