import type { Desk } from '../desk.ts';
import type { Context } from '../http/request-state.ts';
import { AppError } from '../kernel/errors.ts';
import {
  mayDelete,
  mayEdit,
  type BulkView,
  type PresenceView,
  type Status,
  type Ticket,
  type TicketListView,
  type TicketRowView,
} from '../tickets/index.ts';
import type { PersonView, Sentence } from '../ui/types.ts';
import type { UserActor } from '../users/index.ts';
import type { PersonRow } from './desk-facts-query.ts';
import { presentStatus, statusChoices } from './desk-page.ts';
import { parseFilter, printFilter } from './filter.ts';
import type { TicketList } from './listing.ts';
import type { ViewInfo } from './navigation.ts';

export interface RowFacts {
  readonly rowPeople: readonly PersonRow[];
  readonly rowTags: readonly { readonly ticketId: number; readonly name: string }[];
  readonly rowDrafts: readonly { readonly ticketId: number }[];
  readonly rowUnread: readonly { readonly ticketId: number }[];
  readonly rowFiles: readonly { readonly ticketId: number }[];
}

/** A person for a page: the name, else the address. */
export function presentPerson(people: ReadonlyMap<number, PersonRow>, id: number): PersonView {
  const person = people.get(id);
  return { id: String(id), name: person?.name ?? '', email: person?.email ?? '' };
}

export function peopleById(rows: readonly PersonRow[]): ReadonlyMap<number, PersonRow> {
  return new Map(rows.map((row) => [row.id, row]));
}

export interface RowOptions {
  /** What row links carry, so that the ticket opens beside the same list. */
  readonly query?: string;
  readonly selectedId?: number | undefined;
  readonly statuses: readonly Status[];
}

/** The rows of a list, with everything they show from one bundle of facts. */
export function presentRows(
  desk: Desk,
  ctx: Context,
  tickets: readonly Ticket[],
  facts: RowFacts,
  { query = '', selectedId, statuses }: RowOptions,
): readonly TicketRowView[] {
  const people = peopleById(facts.rowPeople);
  const ids = (rows: readonly { readonly ticketId: number }[]): ReadonlySet<number> => new Set(rows.map(({ ticketId }) => ticketId));
  const [drafts, unread, files] = [ids(facts.rowDrafts), ids(facts.rowUnread), ids(facts.rowFiles)];
  return tickets.map((ticket): TicketRowView => {
    const tags = facts.rowTags.filter(({ ticketId }) => ticketId === ticket.id).map(({ name }) => name);
    return {
      number: ticket.number,
      href: `/desk/tickets/${ticket.number}${query}`,
      subject: ticket.subject,
      preview: ticket.preview,
      answered: ticket.lastDirection === 'out',
      requester: presentPerson(people, ticket.requesterId),
      ...(ticket.assigneeId === null ? {} : { assignee: presentPerson(people, ticket.assigneeId) }),
      status: presentStatus(statuses, ticket.statusId, ctx.state.locale),
      priority: ticket.priority,
      tags: tags.slice(0, 2),
      moreTags: Math.max(0, tags.length - 2),
      unread: unread.has(ticket.id),
      hasDraft: drafts.has(ticket.id),
      hasAttachment: files.has(ticket.id),
      ...(ticket.snoozedUntil === null ? {} : { snoozedUntil: ticket.snoozedUntil }),
      updatedAt: ticket.lastMessageAt,
      selected: ticket.id === selectedId,
      viewers: presentPresence(desk, ticket.number, ctx.state.actor?.userId),
    };
  });
}

/** Who else has a ticket open; the reader is left out. */
export function presentPresence(desk: Desk, number: number, readerId: number | undefined): readonly PresenceView[] {
  return desk.presence
    .of(number, desk.clock.now())
    .filter(({ userId }) => userId !== readerId)
    .map(({ userId, name, doing }) => ({ person: { id: String(userId), name }, doing }));
}

export interface ListPage {
  readonly view: ViewInfo;
  readonly query: string;
  readonly queryError?: Sentence | undefined;
  readonly sort: 'newest' | 'oldest';
  readonly density: 'comfortable' | 'compact';
  readonly list: TicketList;
  readonly rows: readonly TicketRowView[];
  readonly bulk: BulkView;
  readonly isNarrow: boolean;
  readonly cursor: string | undefined;
}

/** The list as its template wants it; addresses keep what the reader chose. */
export function presentList(ctx: Context, page: ListPage): TicketListView {
  const { view, query, sort, list } = page;
  const address = (changes: Readonly<Record<string, string>>): string =>
    listUrl(view.key, { q: query, ...(sort === 'newest' ? {} : { sort }), ...changes });
  const label = (key: string): string => ctx.state.translator.t(key);
  return {
    view: {
      key: view.key,
      ...(view.labelKey === undefined ? { name: view.name ?? '' } : { label: { key: view.labelKey } }),
      ...(view.savedId === undefined ? {} : { savedId: String(view.savedId) }),
      editable:
        view.savedId !== undefined && view.key.startsWith('view-') && (view.isOwn || ctx.state.actor?.permissions.has('*') === true),
    },
    query,
    chips: chipsOf(query).map(({ text, rest }) => ({ text, url: listUrl(view.key, { q: rest, ...(sort === 'newest' ? {} : { sort }) }) })),
    ...(page.queryError === undefined ? {} : { queryError: page.queryError }),
    sorts: (['newest', 'oldest'] as const).map((value) => ({
      value,
      label: label(`desk.list.sort.${value}`),
      selected: value === sort,
      url: listUrl(view.key, { q: query, ...(value === 'newest' ? {} : { sort: value }) }),
    })),
    density: page.density,
    ...(query === '' && view.count !== undefined ? { count: view.count } : {}),
    tickets: page.rows,
    paging: {
      ...(page.cursor === undefined ? {} : { newerUrl: address({}) }),
      ...(list.next === null ? {} : { olderUrl: address({ after: list.next }) }),
    },
    bulk: page.bulk,
    narrow: page.isNarrow,
    topic: 'view:counts',
  };
}

const maxBulk = 1000;

export function presentBulk(
  actor: UserActor,
  locale: string,
  facts: {
    readonly agents: readonly { readonly id: number; readonly name: string }[];
    readonly knownTags: readonly { readonly name: string }[];
  },
  statuses: readonly Status[],
  total: number | undefined,
): BulkView {
  const edits = mayEdit(actor);
  return {
    agents: facts.agents.map(({ id, name }) => ({ value: String(id), label: name })),
    statuses: statusChoices(statuses, locale),
    tags: facts.knownTags.map(({ name }) => name),
    can: { assign: edits, status: edits, tag: edits, merge: edits, spam: edits, trash: mayDelete(actor) },
    ...(total === undefined || total === 0 || total > maxBulk ? {} : { total }),
  };
}

/** `/desk/inbox/<view>` with the parameters that are not empty. */
export function listUrl(key: string, params: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(
    Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  ).toString();
  return `/desk/inbox/${key}${query === '' ? '' : `?${query}`}`;
}

function chipsOf(query: string): readonly { readonly text: string; readonly rest: string }[] {
  try {
    const conditions = parseFilter(query);
    return conditions.map((condition) => ({
      text: printFilter([condition]),
      rest: printFilter(conditions.filter((one) => one !== condition)),
    }));
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}
