import type { RecipientState } from '../mail/index.ts';
import { listOf, type Reader } from '../storage/index.ts';
import { userIdOf, type Actor } from '../users/index.ts';
import type { Ticket } from './types.ts';
import { ticketsFor } from './visible-tickets.ts';

const maxEvents = 500;
const maxEarlier = 5;

export interface TicketRef {
  readonly id: number;
  readonly number: number;
  readonly subject: string;
  readonly statusId: number;
  readonly updatedAt: number;
}

const refColumns = {
  id: 'tickets.id',
  number: 'tickets.number',
  subject: 'tickets.subject',
  statusId: 'tickets.status_id',
  updatedAt: 'tickets.last_message_at',
};

export interface AttachmentRow {
  readonly id: number;
  readonly messageId: number;
  readonly fileId: number;
  readonly contentId: string | null;
  readonly isInline: number | boolean;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

export interface DeliveryRow {
  readonly id: number;
  readonly messageId: number;
  readonly state: string;
  readonly sendAfter: number;
  readonly sentAt: number | null;
  readonly attempts: number;
  readonly doubts: number;
  readonly error: string | null;
}

/** What became of one recipient, where that is known. */
export interface RecipientRow {
  readonly outboxId: number;
  readonly address: string;
  readonly state: RecipientState;
  readonly reason: string | null;
}

export interface DraftRow {
  readonly id: number;
  readonly userId: number;
  readonly kind: 'reply' | 'note';
  readonly html: string;
  readonly text: string;
  readonly fields: string;
  readonly files: string;
  readonly updatedAt: number;
}

export interface EventRow {
  readonly id: number;
  readonly occurredAt: number;
  readonly name: string;
  readonly actorKind: string;
  readonly actorId: number | null;
  readonly plugin: string | null;
  readonly payload: string;
}

export interface CustomerRow {
  readonly id: number;
  readonly name: string;
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly notes: string | null;
  readonly createdAt: number;
  readonly organizationId: number | null;
  readonly organization: string | null;
}

/** Everything that belongs to one ticket except its messages, for one query. */
export function ticketLists(reader: Reader, actor: Actor, ticket: Ticket) {
  const own = { ticket_id: ticket.id };
  const messages = () => reader('messages').where(own).whereNull('deleted_at');
  // A union and not two conditions with "or": for those PostgreSQL reads the whole table.
  const linked = ticketsFor(reader, actor).whereIn(
    'tickets.id',
    reader('ticket_links')
      .where(own)
      .select('other_id')
      .union(reader('ticket_links').where({ other_id: ticket.id }).select('ticket_id')),
  );
  const earlier = ticketsFor(reader, actor)
    .where({ 'tickets.requester_id': ticket.requesterId })
    .whereNot({ 'tickets.id': ticket.id })
    .orderBy('tickets.last_message_at', 'desc')
    .limit(maxEarlier);
  const customer = reader('users')
    .leftJoin('organizations', 'organizations.id', 'users.organization_id')
    .where({ 'users.id': ticket.requesterId });
  return {
    tags: listOf<{ name: string }>(
      reader('ticket_tags').join('tags', 'tags.id', 'ticket_tags.tag_id').where({ ticket_id: ticket.id }).orderBy('tags.name'),
      { name: 'tags.name' },
    ),
    followers: listOf<{ userId: number }>(reader('followers').where(own).orderBy('created_at'), { userId: 'user_id' }),
    links: listOf<TicketRef>(linked, refColumns),
    earlier: listOf<TicketRef>(earlier, refColumns),
    customer: listOf<CustomerRow>(customer, {
      id: 'users.id',
      name: 'users.name',
      locale: 'users.locale',
      timeZone: 'users.time_zone',
      notes: 'users.notes',
      createdAt: 'users.created_at',
      organizationId: 'organizations.id',
      organization: 'organizations.name',
    }),
    emails: listOf<{ email: string; isPrimary: number | boolean }>(
      reader('user_emails').where({ user_id: ticket.requesterId }).orderBy('id'),
      { email: 'email', isPrimary: 'is_primary' },
    ),
    drafts: listOf<DraftRow>(reader('drafts').where(own).orderBy('updated_at', 'desc'), {
      id: 'id',
      userId: 'user_id',
      kind: 'kind',
      html: 'html',
      text: 'text',
      fields: 'fields',
      files: 'files',
      updatedAt: 'updated_at',
    }),
    unread: listOf<{ messageId: number | null }>(
      reader('notifications')
        .where({ ...own, user_id: userIdOf(actor) ?? 0 })
        .whereNull('read_at'),
      { messageId: 'message_id' },
    ),
    events: listOf<EventRow>(reader('events').where(own).orderBy('id', 'desc').limit(maxEvents), {
      id: 'id',
      occurredAt: 'occurred_at',
      name: 'name',
      actorKind: 'actor_kind',
      actorId: 'actor_id',
      plugin: 'plugin',
      payload: 'payload',
    }),
    attachments: listOf<AttachmentRow>(
      reader('attachments')
        .join('files', 'files.id', 'attachments.file_id')
        .whereIn('attachments.message_id', messages().select('id'))
        .orderBy(['attachments.message_id', 'attachments.position']),
      {
        id: 'attachments.id',
        messageId: 'message_id',
        fileId: 'file_id',
        contentId: 'content_id',
        isInline: 'is_inline',
        name: 'files.name',
        contentType: 'content_type',
        size: 'size',
        sha256: 'sha256',
      },
    ),
    deliveries: listOf<DeliveryRow>(
      reader('outbox')
        .where({ ...own, kind: 'reply' })
        .orderBy('id'),
      {
        id: 'id',
        messageId: 'message_ref',
        state: 'state',
        sendAfter: 'send_after',
        sentAt: 'sent_at',
        attempts: 'attempts',
        doubts: 'doubts',
        error: 'error',
      },
    ),
    recipients: listOf<RecipientRow>(
      reader('outbox_recipients')
        .join('outbox', 'outbox.id', 'outbox_recipients.outbox_id')
        .where({ 'outbox.ticket_id': ticket.id, 'outbox.kind': 'reply' })
        .whereIn('outbox_recipients.state', ['waiting', 'failed', 'delayed'])
        .orderBy('outbox_recipients.address_key'),
      { outboxId: 'outbox_recipients.outbox_id', address: 'address_key', state: 'outbox_recipients.state', reason: 'reason' },
    ),
  };
}

/** Narrows users to everybody whose name the page of one ticket prints. */
export function namedOnTicket(reader: Reader, ticket: Ticket) {
  const own = { ticket_id: ticket.id };
  // A union for the reason that `ticketLists` gives; the ticket is asked again so that all of it is one list of ids.
  const named = reader('tickets')
    .where({ id: ticket.id })
    .select('requester_id')
    .union([
      reader('tickets').where({ id: ticket.id }).select('assignee_id'),
      reader('messages').where(own).select('author_id'),
      reader('followers').where(own).select('user_id'),
      reader('drafts').where(own).select('user_id'),
      reader('events').where(own).select('actor_id'),
    ]);
  return (query: ReturnType<Reader>): void => void query.whereIn('users.id', named);
}
