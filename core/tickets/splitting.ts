import type { Desk } from '../desk.ts';
import { Conflict, NotFound } from '../kernel/errors.ts';
import { indexTicket } from '../search/index.ts';
import type { Tx } from '../storage/index.ts';
import { findUser, type Actor } from '../users/index.ts';
import { writeLink } from './linking.ts';
import { previewOf } from './message-content.ts';
import { findMessage } from './messages-repository.ts';
import { mayEdit, require } from './tickets-policy.ts';
import { cleanSubject } from './opening.ts';
import { insertTicket, lockTicket, nextNumber, updateTicket } from './tickets-repository.ts';
import type { Message, Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

export interface SplitOptions {
  /** The ticket that takes it; default a new one. */
  readonly intoId?: number | undefined;
  /** Of a new ticket; default that of the old one. */
  readonly subject?: string | undefined;
}

/**
 * Takes a customer's message out of its ticket: into a new one of its author, or into another that is there already.
 * What hangs on the message goes with it, and the two tickets are linked. Nobody is written to because of it.
 *
 * @throws Conflict `tickets.split-only` when the ticket would be left without a customer's message,
 * `tickets.split-self`, `tickets.split-kind` for a note or a message of the desk.
 */
export async function splitMessage(desk: Desk, actor: Actor, messageId: number, { intoId, subject }: SplitOptions = {}): Promise<Ticket> {
  require(mayEdit(actor), 'tickets.edit');
  const found = await findMessage(desk.storage.read, messageId);
  if (found === undefined) throw new NotFound('messages.not-found', { id: messageId });
  const { ticketId } = found;
  if (found.kind !== 'reply' || found.direction !== 'in') throw new Conflict('tickets.split-kind', { messageId });
  if (intoId === ticketId) throw new Conflict('tickets.split-self', { ticketId });
  const status = await desk.statuses.defaultOf('open');
  return desk.storage.writeTx(async (tx) => {
    for (const id of [ticketId, ...(intoId === undefined ? [] : [intoId])].toSorted((a, b) => a - b)) await lockTicket(tx, id);
    const from = await seeTicket(desk, actor, ticketId, tx);
    const message = await findMessage(tx, messageId);
    if (message === undefined || message.ticketId !== ticketId) throw new Conflict('tickets.stale', { ticketId });
    const others = await tx('messages')
      .where({ ticket_id: ticketId, direction: 'in' })
      .whereNull('deleted_at')
      .whereNot({ id: messageId })
      .first('id');
    if (others === undefined) throw new Conflict('tickets.split-only', { ticketId });
    const into =
      intoId === undefined
        ? await openFor(desk, tx, message, { ...from, subject: cleanSubject(subject ?? '') || from.subject }, status)
        : await seeTicket(desk, actor, intoId, tx);
    await moveMessage(tx, message, into.id);
    await recount(tx, from.id, desk.clock.now());
    const result = await recount(tx, into.id, desk.clock.now());
    await writeLink(desk, tx, actor, { ticketId: from.id, otherId: into.id, isLinked: true });
    await desk.events.record(tx, 'ticket.split', { actor, ticketId, payload: { ticketId, intoId: into.id, messageId } });
    if (intoId === undefined)
      await desk.events.record(tx, 'ticket.opened', {
        actor,
        ticketId: into.id,
        payload: { ticketId: into.id, messageId, channel: into.channel, mayAcknowledge: false },
      });
    return result;
  });
}

async function openFor(
  desk: Desk,
  tx: Tx,
  message: Message,
  from: Ticket,
  status: { readonly id: number; readonly category: Ticket['category'] },
): Promise<Ticket> {
  const author = message.authorId === null ? undefined : await findUser(tx, message.authorId);
  const requester = author?.role.kind === 'customer' ? author : await findUser(tx, from.requesterId);
  if (requester === undefined) throw new NotFound('users.not-found', { id: from.requesterId });
  const now = desk.clock.now();
  const ticket = await insertTicket(tx, {
    number: await nextNumber(tx),
    subject: from.subject,
    status_id: status.id,
    category: status.category,
    place: from.place,
    priority: 'normal',
    channel: message.channel,
    mailbox_id: from.mailboxId,
    requester_id: requester.id,
    organization_id: requester.organizationId,
    assignee_id: null,
    locale: requester.locale ?? from.locale,
    preview: previewOf(message.text),
    message_count: 1,
    last_message_id: message.id,
    last_direction: 'in',
    last_message_at: message.createdAt,
    snoozed_until: null,
    created_at: message.createdAt,
    updated_at: now,
  });
  await indexTicket(tx, desk.storage.dialect, {
    id: ticket.id,
    number: ticket.number,
    subject: ticket.subject,
    requesterName: requester.name,
    requesterEmail: requester.email,
    isNew: true,
  });
  return ticket;
}

async function moveMessage(tx: Tx, { id }: Message, intoId: number): Promise<void> {
  await tx('messages').where({ id }).update({ ticket_id: intoId });
  await tx('outbox').where({ message_ref: id }).update({ ticket_id: intoId });
  await tx('search_documents').where({ kind: 'message', ref: id, owner: 'core' }).update({ ticket_id: intoId });
  await tx('notifications').where({ message_id: id }).update({ ticket_id: intoId });
}

/** Sets what lists show of a ticket from the messages that it has now. */
async function recount(tx: Tx, ticketId: number, now: number): Promise<Ticket> {
  const living = () => tx('messages').where({ ticket_id: ticketId }).whereNull('deleted_at');
  const [counted]: { n: number | string }[] = await living().count('* as n');
  const newest: { id: number } | undefined = await living().orderBy('id', 'desc').first('id');
  const spoken: { text: string; direction: 'in' | 'out'; created_at: number } | undefined = await living()
    .where({ kind: 'reply' })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .first('text', 'direction', 'created_at');
  return updateTicket(tx, ticketId, {
    message_count: Number(counted?.n ?? 0),
    last_message_id: newest?.id ?? null,
    ...(spoken === undefined
      ? {}
      : { preview: previewOf(spoken.text), last_direction: spoken.direction, last_message_at: spoken.created_at }),
    updated_at: now,
  });
}
