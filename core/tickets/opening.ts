import type { Desk } from '../desk.ts';
import { Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { indexTicket } from '../search/index.ts';
import { isUniqueViolation, type Tx } from '../storage/index.ts';
import {
  cleanName,
  emailKey,
  findOrCreateCustomer,
  findUser,
  isAgent,
  isAllowed,
  userIdOf,
  type Actor,
  type User,
} from '../users/index.ts';
import { contentOf, previewOf, refuseUnknownFiles } from './message-content.ts';
import { isFlooding, mailIdHash } from '../mail/index.ts';
import { attachmentsOf, insertMessage } from './messages-repository.ts';
import { setTags } from './tagging.ts';
import { insertTicket, nextNumber, setFirstMessage } from './tickets-repository.ts';
import type { Message, Ticket, TicketDraft } from './types.ts';

export interface Opening {
  /** Writes the ticket, its first message, the event and the jobs that follow from it. */
  commit(tx: Tx): Promise<{ ticket: Ticket; message: Message }>;
}

const maxSubject = 500;

/**
 * Prepares a ticket: permission and filters. Nothing is written before `commit`, so a crash can
 * never leave a stored ticket that nobody hears about.
 *
 * @throws Forbidden when the actor may not open tickets for this requester, Invalid for a draft without
 * content, Refused when a plugin rejects the draft.
 */
export async function prepareOpening(desk: Desk, actor: Actor, input: TicketDraft): Promise<Opening> {
  refuseForeignRequester(actor, input);
  const draft = await desk.hooks.applyFilter('ticket.draft', input, { actorUserId: userIdOf(actor) });
  const content = contentOf(draft.message);
  if ('email' in draft.requester) emailKey(draft.requester.email);
  await refuseUnknownFiles(desk.storage.read, actor, content);
  const status = await desk.statuses.defaultOf(draft.direction === 'out' && draft.isQuiet !== true ? 'waiting' : 'open');
  const subject = cleanSubject(draft.subject) || previewOf(content.text).slice(0, 80) || '–';
  const delivery = draft.direction === 'out' && draft.isQuiet !== true ? await desk.mail.prepareDelivery(null) : undefined;
  return {
    async commit(tx) {
      const now = desk.clock.now();
      const at = draft.createdAt ?? now;
      const requester = await requesterOf(desk, tx, draft);
      const isOut = draft.direction === 'out';
      const ticket = await insertTicket(tx, {
        number: await nextNumber(tx),
        subject,
        status_id: status.id,
        category: status.category,
        place: draft.place ?? 'desk',
        priority: draft.priority ?? 'normal',
        channel: draft.channel,
        mailbox_id: draft.mailboxId ?? null,
        requester_id: requester.id,
        organization_id: requester.organizationId,
        assignee_id: draft.assigneeId ?? null,
        locale: draft.locale ?? requester.locale,
        preview: previewOf(content.text),
        message_count: 1,
        last_message_id: null,
        last_direction: isOut ? 'out' : 'in',
        last_message_at: at,
        snoozed_until: null,
        created_at: at,
        updated_at: now,
      });
      const message = await insertMessage(tx, desk.storage, {
        ticketId: ticket.id,
        kind: 'reply',
        direction: isOut ? 'out' : 'in',
        origin: draft.message.origin ?? 'person',
        channel: draft.channel,
        authorId: isOut ? userIdOf(actor) : requester.id,
        ...content,
        folds: draft.message.folds ?? {},
        addresses: draft.message.addresses ?? (draft.cc === undefined ? {} : { cc: draft.cc }),
        flags: draft.message.flags ?? [],
        messageId: draft.message.messageId ?? null,
        messageIdHash: draft.message.messageId === undefined ? null : mailIdHash(draft.message.messageId),
        externalKey: draft.message.externalKey ?? null,
        createdAt: at,
      });
      await setFirstMessage(tx, ticket.id, message.id);
      const opened = { ...ticket, lastMessageId: message.id };
      if (draft.tags !== undefined && draft.tags.length > 0) await setTags(tx, desk.clock, ticket.id, draft.tags);
      await indexTicket(tx, desk.storage.dialect, {
        id: ticket.id,
        number: ticket.number,
        subject,
        requesterName: requester.name,
        requesterEmail: requester.email,
        isNew: true,
      });
      if (delivery !== undefined)
        await delivery.queueReply(tx, {
          ticket: opened,
          message,
          requester,
          earlier: [],
          attachments: await attachmentsOf(tx, [message.id]),
          cc: draft.cc ?? [],
          undoMs: 0,
        });
      await desk.events.record(tx, 'ticket.opened', {
        actor,
        ticketId: ticket.id,
        payload: {
          ticketId: ticket.id,
          messageId: message.id,
          channel: draft.channel,
          // Asked first, since it counts: a sender that opens ticket after ticket is a machine.
          mayAcknowledge: !isOut && !(await isFlooding(desk, tx, requester)) && draft.mayAcknowledge !== false,
        },
      });
      return { ticket: opened, message };
    },
  };
}

/** Both halves in one. @throws as `prepareOpening`. */
export async function openTicket(desk: Desk, actor: Actor, draft: TicketDraft): Promise<{ ticket: Ticket; message: Message }> {
  const opening = await prepareOpening(desk, actor, draft);
  const commit = () => desk.storage.writeTx((tx) => opening.commit(tx));
  // Two first mails of one customer in the same moment: the second finds the customer on its next try.
  return commit().catch((error: unknown) => {
    if (isUniqueViolation(error) && draft.message.externalKey === undefined) return commit();
    throw error;
  });
}

/** One line without control characters, at most 500 characters. */
export function cleanSubject(subject: string): string {
  return cleanName(subject.slice(0, 4 * maxSubject)) === ''
    ? ''
    : subject
        .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim()
        .slice(0, maxSubject);
}

function refuseForeignRequester(actor: Actor, draft: TicketDraft): void {
  if (isAgent(actor)) {
    if (!isAllowed(actor, 'tickets.reply')) throw new Forbidden('auth.forbidden', { permission: 'tickets.reply' });
    return;
  }
  const isOwn = 'userId' in draft.requester && draft.requester.userId === userIdOf(actor);
  if (!isOwn || draft.direction === 'out') throw new Forbidden('tickets.own-only');
}

async function requesterOf(desk: Desk, tx: Tx, draft: TicketDraft): Promise<User> {
  if ('email' in draft.requester) return findOrCreateCustomer(desk, tx, { ...draft.requester, locale: draft.locale });
  const user = await findUser(tx, draft.requester.userId);
  if (user === undefined) throw new NotFound('users.not-found', { id: draft.requester.userId });
  if (user.deletedAt !== null) throw new Invalid('users.deleted', { id: user.id });
  return user;
}
