import { deliveriesOf, listMailboxes } from '../mail/index.ts';
import type { Desk } from '../desk.ts';
import type { RecordedEvent } from '../events/index.ts';
import type { FileRecord } from '../files/index.ts';
import { reasonInWords } from '../i18n/index.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { Reader } from '../storage/index.ts';
import { attachmentsOf, tagsOf, type Message, type Ticket } from '../tickets/index.ts';
import { findOrganizations, findUsers, type Organization, type User, type UserActor } from '../users/index.ts';

/* Rows to answers. Each function takes a whole page, so that the number of queries does not grow with it. */

interface Person {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
}

export async function presentTickets(
  desk: Desk,
  actor: UserActor,
  tickets: readonly Ticket[],
  reader: Reader = desk.storage.read,
): Promise<readonly object[]> {
  const ids = tickets.map(({ id }) => id);
  const people = await findUsers(
    reader,
    tickets.flatMap(({ requesterId, assigneeId }) => [requesterId, ...(assigneeId === null ? [] : [assigneeId])]),
  );
  const organizations = await findOrganizations(
    reader,
    tickets.flatMap(({ organizationId }) => organizationId ?? []),
  );
  const mailboxes = tickets.some(({ mailboxId }) => mailboxId !== null) ? await listMailboxes(reader) : [];
  const tags = await tagsOf(reader, ids);
  const statuses = new Map((await desk.statuses.list()).map(({ id, key }) => [id, key]));
  return tickets.map((ticket) => {
    const mailbox = mailboxes.find(({ id }) => id === ticket.mailboxId);
    return {
      id: ticket.id,
      number: ticket.number,
      subject: ticket.subject,
      status: { key: statuses.get(ticket.statusId) ?? ticket.category, category: ticket.category },
      priority: ticket.priority,
      channel: ticket.channel,
      mailbox: mailbox === undefined ? null : { id: mailbox.id, name: mailbox.name, address: mailbox.address },
      requester: presentPerson(actor, people.get(ticket.requesterId)) ?? { id: ticket.requesterId, name: '', email: null },
      organization: named(organizations, ticket.organizationId),
      assignee: presentPerson(actor, people.get(ticket.assigneeId ?? 0)),
      tags: tags.get(ticket.id) ?? [],
      version: ticket.version,
      createdAt: rfc3339(ticket.createdAt),
      updatedAt: rfc3339(ticket.updatedAt),
    };
  });
}

export async function presentTicket(desk: Desk, actor: UserActor, ticket: Ticket, reader?: Reader): Promise<object> {
  const [presented] = await presentTickets(desk, actor, [ticket], reader);
  return presented ?? {};
}

export async function presentMessages(
  desk: Desk,
  actor: UserActor,
  messages: readonly Message[],
  reader: Reader = desk.storage.read,
): Promise<readonly object[]> {
  const ids = messages.map(({ id }) => id);
  const people = await findUsers(
    reader,
    messages.flatMap(({ authorId }) => authorId ?? []),
  );
  const attachments = await attachmentsOf(reader, ids);
  // What a mail server answered is for the desk alone.
  const deliveries = actor.role === 'agent' ? await deliveriesOf(reader, ids) : new Map<number, never>();
  return messages.map((message) => {
    const delivery = deliveries.get(message.id);
    return {
      id: message.id,
      kind: message.kind,
      direction: message.direction,
      author: presentPerson(actor, people.get(message.authorId ?? 0)),
      text: message.text,
      html: message.html,
      attachments: attachments
        .filter(({ messageId }) => messageId === message.id)
        .map(({ fileId, name, size, sha256, contentType }) => ({ id: fileId, name, size, sha256, contentType })),
      messageId: message.messageId,
      delivery:
        delivery === undefined || delivery.state === 'undone'
          ? null
          : {
              state: delivery.state,
              attempts: delivery.attempts,
              error: delivery.error && reasonInWords(desk.translatorFor('en'), delivery.error),
            },
      createdAt: rfc3339(message.createdAt),
    };
  });
}

export async function presentUsers(desk: Desk, users: readonly User[]): Promise<readonly object[]> {
  const organizations = await findOrganizations(
    desk.storage.read,
    users.flatMap(({ organizationId }) => organizationId ?? []),
  );
  return users.map((user) => ({
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role.key,
    organization: named(organizations, user.organizationId),
    locale: user.locale,
    timeZone: user.timeZone,
    notes: user.notes,
    isActive: user.isActive,
    version: user.version,
    createdAt: rfc3339(user.createdAt),
  }));
}

export function presentOrganization({ id, name, domains, notes, version, createdAt }: Organization): object {
  return { id, name, domains, notes, version, createdAt: rfc3339(createdAt) };
}

export function presentFile({ id, name, size, sha256 }: FileRecord): object {
  return { id, name, size, sha256 };
}

export function presentEvent(event: RecordedEvent): object {
  return {
    id: event.id,
    name: event.name,
    occurredAt: rfc3339(event.occurredAt),
    actor: { kind: event.actorKind, id: event.actorId, plugin: event.plugin },
    ticketId: event.ticketId,
    payload: event.payload,
  };
}

// Customers learn who helps them, not the private address of a colleague.
function presentPerson(actor: UserActor, user: User | undefined): Person | null {
  if (user === undefined) return null;
  const mayKnow = actor.role === 'agent' || user.role.kind === 'customer';
  return { id: user.id, name: user.name, email: mayKnow ? user.email : null };
}

function named(organizations: ReadonlyMap<number, Organization>, id: number | null): { id: number; name: string } | null {
  const organization = id === null ? undefined : organizations.get(id);
  return organization === undefined ? null : { id: organization.id, name: organization.name };
}

function rfc3339(time: Timestamp): string {
  return new Date(time).toISOString();
}
