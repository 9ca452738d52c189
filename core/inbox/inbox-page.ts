import type { App } from '../app.ts';
import { formErrors } from '../http/form-errors.ts';
import type { Context } from '../http/request-state.ts';
import { AppError, NotFound } from '../kernel/errors.ts';
import { readLists } from '../storage/index.ts';
import type { Ticket, TicketListView } from '../tickets/index.ts';
import type { Sentence, ViewsNavView } from '../ui/types.ts';
import { choiceLists, navigationLists, rowLists } from './desk-facts-query.ts';
import { agent, text } from './desk-page.ts';
import { presentBulk, presentList, presentRows } from './list-presenter.ts';
import { listTickets, type Sort, type TicketList } from './listing.ts';
import { findView, presentNavigation, type NavigationFacts, type ViewInfo } from './navigation.ts';

const perPage = 50;

/** What was asked of a list: the view, the filter typed, the order, the page. */
export interface ListAddress {
  readonly key: string;
  readonly query: string;
  readonly sort: Sort;
  readonly cursor: string | undefined;
}

export function listAddress(key: string, params: URLSearchParams): ListAddress {
  return {
    key,
    query: (params.get('q') ?? '').trim(),
    sort: params.get('sort') === 'oldest' ? 'oldest' : 'newest',
    cursor: params.get('after') ?? undefined,
  };
}

/** The part of a ticket's address that says beside which list it stands. */
export function besideQuery({ key, query, sort, cursor }: ListAddress): string {
  const params = new URLSearchParams({
    view: key,
    ...(query === '' ? {} : { q: query }),
    ...(sort === 'newest' ? {} : { sort }),
    ...(cursor === undefined ? {} : { after: cursor }),
  });
  return `?${params.toString()}`;
}

const builtInFilters: Readonly<Record<string, string>> = {
  mine: 'assignee:me is:open',
  unassigned: 'assignee:none is:open',
  open: 'is:open',
  waiting: 'is:waiting',
  snoozed: 'is:snoozed',
  solved: 'is:solved',
  all: '',
  spam: 'in:spam',
  trash: 'in:trash',
  mentions: 'is:mentioned',
  drafts: 'is:drafted',
  sent: 'is:written',
};

/** The filter of a view by its key; only saved views have to be looked up. @throws NotFound `views.not-found`. */
export async function filterOfView({ desk }: App, key: string): Promise<string> {
  const mailbox = /^mailbox-(\d{1,15})$/.exec(key)?.[1];
  if (mailbox !== undefined) return `mailbox:${mailbox} is:open`;
  const known = builtInFilters[key];
  if (known !== undefined) return known;
  const row = await desk.storage.read('views').where({ key }).first('filter');
  if (row === undefined) throw new NotFound('views.not-found', { key });
  return row.filter;
}

/** A list of tickets; a filter that does not parse gives an empty one and says why. */
export async function readList(
  app: App,
  ctx: Context,
  address: ListAddress,
): Promise<{ readonly list: TicketList; readonly queryError?: Sentence | undefined }> {
  const { actor } = agent(ctx, 'tickets.view');
  const filter = await filterOfView(app, address.key);
  const isPlaced = /(^|\s)-?in:|(^|\s)is:any\b/.test(address.query);
  try {
    return {
      list: await listTickets(app.desk, actor, {
        filter: `${isPlaced ? filter.replace(/\bin:\S+/, '') : filter} ${address.query}`,
        sort: address.sort,
        limit: perPage,
        cursor: address.cursor,
      }),
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 422) throw error;
    return { list: { items: [], next: null }, queryError: formErrors(error).list[0]?.text };
  }
}

export interface ReadyList {
  readonly view: TicketListView;
  readonly nav: ViewsNavView;
}

/** The list with everything its rows show, and the sidebar of views. */
export async function listWithNavigation(app: App, ctx: Context, address: ListAddress): Promise<ReadyList & { readonly info: ViewInfo }> {
  const { actor } = agent(ctx, 'tickets.view');
  const { read } = app.desk.storage;
  const { list, queryError } = await readList(app, ctx, address);
  const facts = await readLists(app.desk.storage, {
    ...navigationLists(read, actor),
    ...choiceLists(read),
    ...rowLists(read, actor, ...idsOf(list.items)),
  });
  const info = findView(facts, actor, ctx.state.locale, address.key);
  if (info === undefined) throw new NotFound('views.not-found', { key: address.key });
  const statuses = await app.desk.statuses.list();
  const rows = presentRows(app.desk, ctx, list.items, facts, { query: besideQuery(address), statuses });
  const bulk = presentBulk(actor, ctx.state.locale, facts, statuses, address.query === '' ? info.count : undefined);
  const view = presentList(ctx, {
    view: info,
    query: address.query,
    queryError,
    sort: address.sort,
    density: densityOf(ctx),
    list,
    rows,
    bulk,
    isNarrow: false,
    cursor: address.cursor,
  });
  return { info, view, nav: presentNavigation(facts, actor, ctx.state.locale, address.key) };
}

/** The narrow list beside an open ticket, and the tickets before and after it. The sidebar's facts were read with the ticket. */
export async function listBeside(
  app: App,
  ctx: Context,
  address: ListAddress,
  facts: NavigationFacts & Parameters<typeof presentBulk>[2],
  selected: Ticket,
): Promise<{ readonly view: TicketListView; readonly previous?: string | undefined; readonly next?: string | undefined }> {
  const { actor } = agent(ctx, 'tickets.view');
  const { read } = app.desk.storage;
  const { list, queryError } = await readList(app, ctx, address);
  const rowFacts = await readLists(app.desk.storage, rowLists(read, actor, ...idsOf(list.items)));
  const info = findView(facts, actor, ctx.state.locale, address.key);
  if (info === undefined) throw new NotFound('views.not-found', { key: address.key });
  const statuses = await app.desk.statuses.list();
  const rows = presentRows(app.desk, ctx, list.items, rowFacts, { query: besideQuery(address), selectedId: selected.id, statuses });
  const bulk = presentBulk(actor, ctx.state.locale, facts, statuses, undefined);
  const at = list.items.findIndex(({ id }) => id === selected.id);
  return {
    view: presentList(ctx, {
      view: info,
      query: address.query,
      queryError,
      sort: address.sort,
      density: densityOf(ctx),
      list,
      rows,
      bulk,
      isNarrow: true,
      cursor: address.cursor,
    }),
    previous: at > 0 ? rows[at - 1]?.href : undefined,
    next: rows[at + 1]?.href,
  };
}

/** Reads the sidebar alone, as it is asked for again when counts change. */
export async function readNavigation(app: App, ctx: Context): Promise<ViewsNavView> {
  const { actor } = agent(ctx, 'tickets.view');
  const { read } = app.desk.storage;
  const { mailboxes } = choiceLists(read);
  const facts = await readLists(app.desk.storage, { ...navigationLists(read, actor), mailboxes });
  return presentNavigation(facts, actor, ctx.state.locale, currentView(ctx));
}

/** The title of a list. */
export function titleOf(ctx: Context, { name, labelKey }: ViewInfo): string {
  return labelKey === undefined ? (name ?? '') : text(ctx, labelKey);
}

function currentView(ctx: Context): string | undefined {
  return /\/desk\/inbox\/([\w-]+)/.exec(ctx.get('HX-Current-URL') || ctx.get('Referer'))?.[1];
}

function densityOf(ctx: Context): 'comfortable' | 'compact' {
  return ctx.state.user?.preferences.density === 'compact' ? 'compact' : 'comfortable';
}

function idsOf(tickets: readonly Ticket[]): [readonly number[], readonly number[]] {
  return [
    tickets.map(({ id }) => id),
    [...new Set(tickets.flatMap(({ requesterId, assigneeId }) => (assigneeId === null ? [requesterId] : [requesterId, assigneeId])))],
  ];
}
