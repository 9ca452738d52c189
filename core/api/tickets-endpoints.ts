import { listTickets } from '../inbox/index.ts';
import { Forbidden, Invalid } from '../kernel/errors.ts';
import {
  editTicket,
  mayChangeStatus,
  mayEdit,
  messagesOf,
  prepareOpening,
  prepareReply,
  seeTicket,
  type Priority,
  type TicketDraft,
} from '../tickets/index.ts';
import { isAgent, findUserByEmail } from '../users/index.ts';
import { endpoint, type ApiRequest, type Endpoint } from './endpoint.ts';
import { usableFiles } from './files-endpoints.ts';
import { nextOf, readIdCursor } from './paging.ts';
import { presentMessages, presentTicket, presentTickets } from './presenting.ts';
import { listQuery, newMessage, newTicket, page, pageQuery, ref, ticketChanges } from './schemas.ts';

interface NewTicket {
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly requester?: { readonly email: string; readonly name?: string };
  readonly priority?: Priority;
  readonly tags?: readonly string[];
  readonly channel: string;
  readonly files?: readonly number[];
}

interface TicketPatch {
  readonly subject?: string;
  readonly status?: string;
  readonly priority?: Priority;
  readonly assignee?: number | null;
  readonly tags?: readonly string[];
  readonly version?: number;
}

interface NewMessage {
  readonly kind: 'reply' | 'note';
  readonly text?: string;
  readonly html?: string;
  readonly cc?: readonly (string | { readonly email: string; readonly name?: string })[];
  readonly isUnquoted?: boolean;
  readonly status?: string;
  readonly files?: readonly number[];
}

export const ticketsEndpoints: readonly Endpoint[] = [
  endpoint<undefined, { limit: number; cursor?: string; q?: string }>({
    method: 'GET',
    path: '/tickets',
    summary: 'Tickets by last message, newest first',
    query: listQuery,
    answer: page(ref('Ticket')),
    run: async ({ desk, actor, query }) => {
      const { items, next } = await listTickets(desk, actor, { filter: query.q ?? '', limit: query.limit, cursor: query.cursor });
      return { items: await presentTickets(desk, actor, items), next };
    },
  }),
  endpoint<NewTicket>({
    method: 'POST',
    path: '/tickets',
    summary: 'Opens a ticket',
    body: newTicket,
    answer: ref('Ticket'),
    run: async (request) => {
      const { desk, actor, body } = request;
      if (!mayEdit(actor) && (body.priority !== undefined || body.tags !== undefined))
        throw new Forbidden('auth.forbidden', { permission: 'tickets.edit' });
      const opening = await prepareOpening(desk, actor, {
        subject: body.subject,
        requester: await requesterOf(request),
        message: { text: body.text, html: body.html, attachments: await usableFiles(desk, actor, body.files) },
        channel: body.channel,
        priority: body.priority,
        tags: body.tags,
      });
      return request.commit(async (tx) => presentTicket(desk, actor, (await opening.commit(tx)).ticket, tx));
    },
  }),
  endpoint({
    method: 'GET',
    path: '/tickets/:id',
    summary: 'One ticket',
    answer: ref('Ticket'),
    run: async ({ desk, actor, id }) => presentTicket(desk, actor, await seeTicket(desk, actor, id)),
  }),
  endpoint<TicketPatch>({
    method: 'PATCH',
    path: '/tickets/:id',
    summary: 'Changes properties of a ticket, all or none',
    body: ticketChanges,
    answer: ref('Ticket'),
    run: async ({ desk, actor, id, body: { assignee, ...changes } }) =>
      presentTicket(
        desk,
        actor,
        await editTicket(desk, actor, id, { ...changes, ...(assignee === undefined ? {} : { assigneeId: assignee }) }),
      ),
  }),
  endpoint<undefined, { limit: number; cursor?: string }>({
    method: 'GET',
    path: '/tickets/:id/messages',
    summary: 'Messages of a ticket, oldest first; customers see replies only',
    query: pageQuery,
    answer: page(ref('Message')),
    run: async ({ desk, actor, id, query }) => {
      const ticket = await seeTicket(desk, actor, id);
      const kinds = actor.role === 'agent' ? (['reply', 'note'] as const) : (['reply'] as const);
      const found = await messagesOf(desk.storage.read, ticket.id, {
        kinds,
        after: readIdCursor(query.cursor),
        withoutHeld: !isAgent(actor),
        limit: query.limit + 1,
      });
      const items = found.slice(0, query.limit);
      return { items: await presentMessages(desk, actor, items), next: nextOf(found, query.limit) };
    },
  }),
  endpoint<NewMessage>({
    method: 'POST',
    path: '/tickets/:id/messages',
    summary: 'Adds a reply, which is mailed to the customer, or a note',
    body: newMessage,
    answer: ref('Message'),
    run: async (request) => {
      const { desk, actor, id, body } = request;
      const ticket = await seeTicket(desk, actor, id);
      const isRefused =
        (body.status !== undefined && !mayChangeStatus(actor, ticket)) || (body.cc !== undefined && actor.role === 'customer');
      if (isRefused) throw new Forbidden('auth.forbidden', { permission: 'tickets.edit' });
      const replying = await prepareReply(desk, actor, id, {
        kind: body.kind,
        text: body.text,
        html: body.html,
        cc: body.cc?.map((one) => (typeof one === 'string' ? { email: one } : one)),
        status: body.status,
        isUnquoted: body.isUnquoted,
        attachments: await usableFiles(desk, actor, body.files),
        channel: 'api',
        undoMs: 0,
      });
      return request.commit(async (tx) => {
        const { id: messageId } = await replying.commit(tx);
        // Read again: queueing froze the Message-ID after the message was stored.
        const [message] = await presentMessages(desk, actor, await messagesOf(tx, id, { after: messageId - 1, limit: 1 }), tx);
        return message;
      });
    },
  }),
];

async function requesterOf({ desk, actor, body }: ApiRequest<NewTicket>): Promise<TicketDraft['requester']> {
  if (actor.role === 'agent') {
    if (body.requester === undefined) throw new Invalid('api.invalid', { fields: { requester: 'is required' } });
    return body.requester;
  }
  const own = body.requester === undefined ? undefined : await findUserByEmail(desk.storage.read, body.requester.email);
  return body.requester !== undefined && own?.id !== actor.userId ? body.requester : { userId: actor.userId };
}
