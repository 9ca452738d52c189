import { randomUUID } from 'node:crypto';
import type { Desk } from '../desk.ts';
import type { Context } from '../http/request-state.ts';
import { attachmentsOf, mayChangeStatus, messagesOf, presentAttachments, presentBody, type Status, type Ticket } from '../tickets/index.ts';
import type { FormErrorsView } from '../ui/types.ts';
import { findUsers } from '../users/index.ts';
import type { PortalStatusView, PortalTicketRowView, PortalTicketView } from './views.ts';

const maxMessages = 500;

export async function presentTicketRow(desk: Desk, ctx: Context, tickets: readonly Ticket[]): Promise<readonly PortalTicketRowView[]> {
  const statuses = await desk.statuses.list();
  return tickets.map((ticket) => ({
    number: ticket.number,
    subject: ticket.subject,
    status: presentStatus(statuses, ticket, ctx.state.locale),
    updatedAt: ticket.lastMessageAt,
    answered: ticket.lastDirection === 'out',
  }));
}

export interface ReplyForm {
  readonly body: string;
  readonly maximumMegabytes: number;
  readonly errors?: FormErrorsView;
}

/** The customer's view of a ticket: public messages only, in plain words. */
export async function presentTicket(desk: Desk, ctx: Context, ticket: Ticket, form: ReplyForm): Promise<PortalTicketView> {
  const { actor } = ctx.state;
  const messages = await messagesOf(desk.storage.read, ticket.id, { kinds: ['reply'], limit: maxMessages, withoutHeld: true });
  const [attachments, authors, statuses] = await Promise.all([
    attachmentsOf(
      desk.storage.read,
      messages.map(({ id }) => id),
    ),
    findUsers(
      desk.storage.read,
      messages.flatMap(({ authorId }) => (authorId === null ? [] : [authorId])),
    ),
    desk.statuses.list(),
  ]);
  const isDone = ticket.category === 'solved' || ticket.category === 'closed';
  const mayChange = actor !== undefined && mayChangeStatus(actor, ticket);
  const site = await desk.settings.get('site');
  return {
    number: ticket.number,
    subject: ticket.subject,
    status: presentStatus(statuses, ticket, ctx.state.locale),
    createdAt: ticket.createdAt,
    messages: messages.map((message) => {
      const author = message.authorId === null ? undefined : authors.get(message.authorId);
      const body = presentBody(message, { translator: ctx.state.translator, isInline: true });
      return {
        id: String(message.id),
        mine: message.authorId !== null && message.authorId === actor?.userId,
        author: { id: String(message.authorId ?? 0), name: author?.name ?? message.addresses.from?.name ?? String(site['name']) },
        at: message.createdAt,
        html: body.html,
        attachments: presentAttachments(attachments.filter((one) => one.messageId === message.id)),
      };
    }),
    may: { reply: ticket.category !== 'closed', close: mayChange && !isDone, reopen: mayChange && isDone },
    byLink: false,
    reply: { body: form.body, idempotencyKey: randomUUID(), attachments: [], maximumMegabytes: form.maximumMegabytes },
    ...(form.errors === undefined ? {} : { errors: form.errors }),
  };
}

function presentStatus(statuses: readonly Status[], ticket: Ticket, locale: string): PortalStatusView {
  const status = statuses.find((one) => one.id === ticket.statusId);
  return { category: ticket.category, name: status?.customerNames[locale] ?? status?.customerNames['en'] ?? ticket.category };
}
