import type { Desk } from '../desk.ts';
import { Conflict, NotFound } from '../kernel/errors.ts';
import { removeDocument } from '../search/index.ts';
import type { Tx } from '../storage/index.ts';
import { userIdOf, type Actor } from '../users/index.ts';
import { draftFields } from './drafting.ts';
import { attachmentsOf, findMessage, latestMessages } from './messages-repository.ts';
import { previewOf } from './message-content.ts';
import { mayReply, require } from './tickets-policy.ts';
import { lockTicket, updateTicket } from './tickets-repository.ts';
import { applyStatus } from './changing-status.ts';
import type { Message } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

/**
 * Takes a held reply back: the mail never leaves and the text is a draft again.
 *
 * @throws Conflict `outbox.too-late` when sending won the race.
 */
export async function undoReply(desk: Desk, actor: Actor, messageId: number): Promise<{ ticketId: number }> {
  const message = await findMessage(desk.storage.read, messageId);
  if (message === undefined) throw new NotFound('messages.not-found', { messageId });
  await seeTicket(desk, actor, message.ticketId);
  require(mayReply(actor), 'tickets.reply');
  const attachments = await attachmentsOf(desk.storage.read, [messageId]);
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    // The same compare-and-set that sending does, so exactly one of the two wins.
    const undone = await tx('outbox').where({ message_ref: messageId, state: 'held' }).update({ state: 'undone', updated_at: now });
    if (undone === 0) throw new Conflict('outbox.too-late', { messageId });
    // Before the draft, as whoever saves one does.
    await lockTicket(tx, message.ticketId);
    await tx('messages').where({ id: messageId }).update({ deleted_at: now });
    await removeDocument(tx, desk.storage.dialect, { owner: 'core', kind: 'message', ref: messageId });
    await tx('drafts')
      .insert({
        ticket_id: message.ticketId,
        user_id: message.authorId ?? userIdOf(actor) ?? 0,
        kind: 'reply',
        html: message.html ?? '',
        text: message.text,
        fields: JSON.stringify(
          draftFields((message.addresses.cc ?? []).map(({ email }) => email).join(', '), message.flags.includes('unquoted')),
        ),
        files: JSON.stringify(attachments.map(({ fileId }) => fileId)),
        created_at: now,
        updated_at: now,
      })
      .onConflict(['ticket_id', 'user_id', 'kind'])
      .merge();
    const [newest] = (await latestMessages(tx, message.ticketId, 50)).filter((one: Message) => one.kind === 'reply').slice(-1);
    const ticket = await seeTicket(desk, actor, message.ticketId, tx);
    await updateTicket(tx, ticket.id, {
      message_count: Math.max(0, ticket.messageCount - 1),
      last_message_id: newest?.id ?? null,
      preview: newest === undefined ? '' : previewOf(newest.text),
      last_direction: newest?.direction ?? null,
      updated_at: now,
    });
    await restoreStatus(desk, tx, actor, message);
    await desk.events.record(tx, 'ticket.reply-undone', {
      actor,
      ticketId: message.ticketId,
      payload: { ticketId: message.ticketId, messageId },
    });
  });
  return { ticketId: message.ticketId };
}

// The reply set a status in its own transaction, so its change is the first one after the event of the
// reply. A later change by somebody else stays.
async function restoreStatus(desk: Desk, tx: Tx, actor: Actor, message: Message): Promise<void> {
  const recent: { id: number; name: string; payload: string }[] = await tx('events')
    .where({ ticket_id: message.ticketId })
    .whereIn('name', ['ticket.replied', 'ticket.status-changed'])
    .orderBy('id', 'desc')
    .limit(50)
    .select('id', 'name', 'payload');
  const [change, replied] = recent;
  if (change?.name !== 'ticket.status-changed' || replied?.name !== 'ticket.replied') return;
  if ((JSON.parse(replied.payload) as { messageId: number }).messageId !== message.id) return;
  const before = await desk.statuses.byKey((JSON.parse(change.payload) as { from: string }).from);
  await applyStatus(desk, tx, actor, await seeTicket(desk, actor, message.ticketId, tx), before);
}
