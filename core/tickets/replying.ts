import type { Desk } from '../desk.ts';
import { Conflict } from '../kernel/errors.ts';
import type { Tx } from '../storage/index.ts';
import { findUser, isAgent, userIdOf, type Actor } from '../users/index.ts';
import { applyStatus, refuseClosing } from './changing-status.ts';
import { contentOf, previewOf, refuseUnknownFiles } from './message-content.ts';
import { mailIdHash } from '../mail/index.ts';
import { attachmentsOf, insertMessage, latestMessages } from './messages-repository.ts';
import { follow } from './following.ts';
import { mayChangeStatus, mayNote, mayReply, require } from './tickets-policy.ts';
import { lockTicket, updateTicket } from './tickets-repository.ts';
import type { Category, MailAddress, Message, NewMessage, Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

export interface ReplyInput extends NewMessage {
  readonly kind: 'reply' | 'note';
  /** Where it came from, default `web`. */
  readonly channel?: string | undefined;
  /** Whose words these are; default the actor. A plugin that received a mail names the sender. */
  readonly authorId?: number | undefined;
  /** Default by the actor: the desk writes out, customers write in. */
  readonly direction?: 'in' | 'out' | undefined;
  readonly cc?: readonly MailAddress[] | undefined;
  /** Key of the status to set in the same step; default by direction: in reopens, out waits. */
  readonly status?: string | undefined;
  /** A message of a machine opens the ticket again as one of a person does. */
  readonly reopens?: boolean | undefined;
  /** The newest message the author had seen; a newer one refuses with `tickets.newer-message`. */
  readonly lastSeenMessageId?: number | undefined;
  /** Milliseconds in which the reply can be taken back. Default the setting; 0 for API and plugins. */
  readonly undoMs?: number | undefined;
  /** The mail leaves the earlier messages out, whatever the mailbox does. */
  readonly isUnquoted?: boolean | undefined;
  readonly mentioned?: readonly number[] | undefined;
  readonly createdAt?: number | undefined;
}

// What threading and quoting look back over.
const maxHistory = 200;

export interface Replying {
  commit(tx: Tx): Promise<Message>;
}

/**
 * Prepares a public message or a note. Recipients, sender and Message-ID are frozen by `commit`.
 *
 * @throws Forbidden, Invalid `messages.empty`, Conflict `tickets.newer-message` when somebody was faster.
 */
export async function prepareReply(desk: Desk, actor: Actor, ticketId: number, input: ReplyInput): Promise<Replying> {
  const ticket = await seeTicket(desk, actor, ticketId);
  require(input.kind === 'note' ? mayNote(actor) : mayReply(actor), input.kind === 'note' ? 'tickets.note' : 'tickets.reply');
  const direction = input.direction ?? (isAgent(actor) ? 'out' : 'in');
  const message =
    input.kind === 'note'
      ? input
      : { ...input, ...(await desk.hooks.applyFilter('ticket.reply', messageOf(input), { ticketId, direction })) };
  const content = contentOf(message);
  await refuseUnknownFiles(desk.storage.read, actor, content);
  const status = input.status === undefined ? undefined : await desk.statuses.byKey(input.status);
  if (status !== undefined) {
    require(mayChangeStatus(actor, ticket, status.category), 'tickets.edit');
    await refuseClosing(desk, ticket, status);
  }
  const isDelivered = input.kind === 'reply' && direction === 'out';
  const delivery = isDelivered ? await desk.mail.prepareDelivery(ticket.mailboxId) : undefined;
  const undoMs = input.undoMs ?? 0;

  return {
    async commit(tx) {
      const before = await lockTicket(tx, ticketId);
      // Merged or removed since the first half: here the message would stand where nobody looks.
      if (before === undefined || before.deletedAt !== null) throw new Conflict('tickets.stale', { ticketId });
      if (input.lastSeenMessageId !== undefined && (before.lastMessageId ?? 0) > input.lastSeenMessageId) {
        throw new Conflict('tickets.newer-message', { ticketId, newestMessageId: before.lastMessageId });
      }
      const at = input.createdAt ?? desk.clock.now();
      const stored = await insertMessage(tx, desk.storage, {
        ticketId,
        kind: input.kind,
        direction,
        origin: message.origin ?? 'person',
        channel: input.channel ?? 'web',
        authorId: input.authorId ?? userIdOf(actor),
        ...content,
        folds: message.folds ?? {},
        addresses: message.addresses ?? (input.cc === undefined ? {} : { cc: input.cc }),
        flags: [...(message.flags ?? []), ...(input.isUnquoted === true ? ['unquoted'] : [])],
        messageId: message.messageId ?? null,
        messageIdHash: message.messageId === undefined ? null : mailIdHash(message.messageId),
        externalKey: message.externalKey ?? null,
        createdAt: at,
      });
      const updated = await touchTicket(desk, tx, before, stored);
      if (input.kind === 'note') {
        const mentioned = [...new Set(input.mentioned ?? [])];
        for (const userId of mentioned) await follow(desk, tx, { actor, ticketId, userId });
        await desk.events.record(tx, 'ticket.noted', { actor, ticketId, payload: { ticketId, messageId: stored.id, mentioned } });
      } else {
        if (delivery !== undefined) {
          const requester = await findUser(tx, ticket.requesterId);
          const earlier = (await latestMessages(tx, ticketId, maxHistory)).filter((one) => one.kind === 'reply' && one.id !== stored.id);
          await delivery.queueReply(tx, {
            ticket: updated,
            message: stored,
            requester,
            earlier,
            attachments: await attachmentsOf(tx, [stored.id]),
            cc: input.cc ?? [],
            undoMs,
          });
        }
        await desk.events.record(tx, 'ticket.replied', {
          actor,
          ticketId,
          payload: { ticketId, messageId: stored.id, direction, origin: stored.origin },
        });
      }
      const next = status ?? (await statusAfter(desk, updated, stored, input.reopens));
      if (next !== undefined) await applyStatus(desk, tx, actor, updated, next);
      const authorId = userIdOf(actor);
      if (authorId !== null) await tx('drafts').where({ ticket_id: ticketId, user_id: authorId, kind: input.kind }).delete();
      return stored;
    },
  };
}

/** Both halves in one. @throws as `prepareReply`. */
export async function reply(desk: Desk, actor: Actor, ticketId: number, input: ReplyInput): Promise<Message> {
  const replying = await prepareReply(desk, actor, ticketId, input);
  return desk.storage.writeTx((tx) => replying.commit(tx));
}

// What the hook may shape; the rest of the input is not the filter's business.
function messageOf(input: ReplyInput): NewMessage {
  const { text, html, attachments, folds, addresses, flags, origin, messageId, externalKey } = input;
  return { text, html, attachments, folds, addresses, flags, origin, messageId, externalKey };
}

async function touchTicket(desk: Desk, tx: Tx, ticket: Ticket, message: Message): Promise<Ticket> {
  const isPublic = message.kind === 'reply';
  return updateTicket(tx, ticket.id, {
    message_count: ticket.messageCount + 1,
    last_message_id: message.id,
    ...(isPublic
      ? {
          preview: previewOf(message.text),
          last_direction: message.direction,
          last_message_at: Math.max(ticket.lastMessageAt, message.createdAt),
        }
      : {}),
    // A customer who writes again ends the snooze; machines do not.
    ...(isPublic && message.direction === 'in' && message.origin === 'person' ? { snoozed_until: null } : {}),
    updated_at: desk.clock.now(),
  });
}

async function statusAfter(desk: Desk, ticket: Ticket, message: Message, reopens = message.origin === 'person') {
  if (message.kind === 'note' || !reopens) return undefined;
  const wanted: Category = message.direction === 'in' ? 'open' : 'waiting';
  if (ticket.category === wanted) return undefined;
  // A reply to a solved ticket does not unsolve it by itself when the desk writes.
  if (message.direction === 'out' && ticket.category !== 'open') return undefined;
  return desk.statuses.defaultOf(wanted);
}
