import type { Context } from '../http/request-state.ts';
import { presentPerson, presentStatus, statusChoices, type PersonRow } from '../inbox/index.ts';
import type { Sentence } from '../ui/types.ts';
import { snoozeChoices } from './snooze-choices.ts';
import type { CustomerRow, TicketRef } from './ticket-page-query.ts';
import { mayChangeStatus, mayDelete, mayEdit, mayNote, mayReply } from './tickets-policy.ts';
import type { Status, Ticket } from './types.ts';
import type { TicketHeadView, TicketSidebarView } from './views.ts';

export interface TicketFacts {
  readonly ticket: Ticket;
  readonly people: ReadonlyMap<number, PersonRow>;
  readonly statuses: readonly Status[];
  readonly tags: readonly { readonly name: string }[];
  readonly followers: readonly { readonly userId: number }[];
  readonly links: readonly TicketRef[];
  readonly earlier: readonly TicketRef[];
  readonly customer: readonly CustomerRow[];
  readonly emails: readonly { readonly email: string; readonly isPrimary: number | boolean }[];
  readonly agents: readonly { readonly id: number; readonly name: string }[];
  readonly knownTags: readonly { readonly name: string }[];
  readonly mailboxes: readonly { readonly id: number; readonly name: string }[];
}

/** The head of a ticket and its properties. */
export function presentHead(ctx: Context, facts: TicketFacts, now: number, conflict?: Sentence): TicketHeadView {
  const { ticket, people, statuses } = facts;
  const { actor, locale, timeZone } = ctx.state;
  const mailbox = facts.mailboxes.find(({ id }) => id === ticket.mailboxId);
  const edits = actor !== undefined && mayEdit(actor);
  const deletes = actor !== undefined && mayDelete(actor);
  return {
    id: String(ticket.id),
    number: ticket.number,
    version: ticket.version,
    subject: ticket.subject,
    place: ticket.place === 'desk' ? 'inbox' : ticket.place,
    channel: ticket.channel,
    ...(mailbox === undefined ? {} : { mailbox: { id: String(mailbox.id), name: mailbox.name } }),
    mailboxes: facts.mailboxes.map(({ id, name }) => ({ value: String(id), label: name, selected: id === ticket.mailboxId })),
    requester: presentPerson(people, ticket.requesterId),
    status: presentStatus(statuses, ticket.statusId, locale),
    statuses: statusChoices(statuses, locale, ticket.statusId),
    priority: ticket.priority,
    ...(ticket.assigneeId === null ? {} : { assignee: presentPerson(people, ticket.assigneeId) }),
    agents: facts.agents.map(({ id, name }) => ({ value: String(id), label: name, selected: id === ticket.assigneeId })),
    tags: facts.tags.map(({ name }) => name),
    knownTags: facts.knownTags.map(({ name }) => name),
    following: facts.followers.some(({ userId }) => userId === actor?.userId),
    followers: facts.followers.map(({ userId }) => presentPerson(people, userId)),
    ...(ticket.snoozedUntil === null ? {} : { snoozedUntil: ticket.snoozedUntil }),
    snoozeChoices: snoozeChoices(now, timeZone),
    links: facts.links.map(({ id, number, subject, statusId }) => ({
      id: String(id),
      kind: { key: 'ticket.link.related' },
      number,
      subject,
      status: presentStatus(statuses, statusId, locale),
    })),
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
    ...(conflict === undefined ? {} : { conflict }),
    can: {
      reply: actor !== undefined && mayReply(actor),
      note: actor !== undefined && mayNote(actor),
      assign: edits,
      status: actor !== undefined && mayChangeStatus(actor, ticket),
      tag: edits,
      edit: edits,
      snooze: edits,
      merge: edits,
      link: edits,
      spam: edits,
      trash: deletes,
    },
  };
}

/** What is known about the customer, beside the ticket. */
export function presentSidebar(ctx: Context, facts: TicketFacts, now: number): TicketSidebarView {
  const { ticket, people, statuses } = facts;
  const [customer] = facts.customer;
  const requester = presentPerson(people, ticket.requesterId);
  const language = customer?.locale ?? ticket.locale;
  return {
    customer: {
      ...requester,
      href: `/desk/customers/${ticket.requesterId}`,
      otherEmails: facts.emails.filter(({ isPrimary }) => !isPrimary).map(({ email }) => email),
      ...(customer?.organization == null || customer.organizationId === null
        ? {}
        : {
            organization: {
              name: customer.organization,
              href: `/desk/search?q=${encodeURIComponent(`organization:${customer.organizationId}`)}`,
            },
          }),
      ...(customer?.timeZone == null ? {} : { localTime: { at: now, timeZone: customer.timeZone } }),
      ...(language === null ? {} : { language: nameOfLanguage(ctx.state.locale, language) }),
      since: customer?.createdAt ?? ticket.createdAt,
      ...(customer?.notes ? { note: customer.notes } : {}),
    },
    earlier: facts.earlier.map(({ number, subject, statusId, updatedAt }) => ({
      number,
      subject,
      status: presentStatus(statuses, statusId, ctx.state.locale),
      at: updatedAt,
    })),
    ...(facts.earlier.length < 5 ? {} : { earlierUrl: `/desk/customers/${ticket.requesterId}` }),
  };
}

// A language tag from a mail may be anything.
function nameOfLanguage(locale: string, language: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(language) ?? language;
  } catch {
    return language;
  }
}
