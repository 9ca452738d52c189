import type { App } from '../app.ts';
import { formErrors } from '../http/form-errors.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { fold } from '../i18n/index.ts';
import { AppError } from '../kernel/errors.ts';
import { readLists } from '../storage/index.ts';
import type { SearchView } from '../tickets/index.ts';
import { isAllowed, listUsers } from '../users/index.ts';
import { choiceLists, navigationLists, rowLists } from './desk-facts-query.ts';
import { agent, renderDesk, text } from './desk-page.ts';
import { presentRows } from './list-presenter.ts';
import { listTickets, type TicketList } from './listing.ts';
import { viewsOf } from './navigation.ts';

const perPage = 25;
const maxCustomers = 8;
const hints = [
  { example: 'is:open', text: { key: 'search.hint.open' } },
  { example: 'assignee:me', text: { key: 'search.hint.mine' } },
  { example: 'tag:billing', text: { key: 'search.hint.tag' } },
  { example: 'updated:<2d', text: { key: 'search.hint.older' } },
];

/** Search over tickets and customers, and what the command palette offers. */
export function searchRoutes(app: App): Middleware {
  const { desk } = app;

  async function find(ctx: Context, query: string, limit: number, cursor?: string): Promise<TicketList> {
    const { actor } = agent(ctx, 'tickets.view');
    const number = /^#?(\d{1,15})$/.exec(query.trim())?.[1];
    // What carries a place says so; everything else is searched wherever it lies.
    const filter = number === undefined ? query : `${number}`;
    return listTickets(desk, actor, { filter: /(^|\s)-?(in|is):/.test(filter) ? filter : `${filter} is:any`, limit, cursor });
  }

  async function showSearch(ctx: Context): Promise<void> {
    const { actor } = agent(ctx, 'tickets.view');
    const query = (ctx.URL.searchParams.get('q') ?? '').trim();
    const cursor = ctx.URL.searchParams.get('after') ?? undefined;
    let list: TicketList = { items: [], next: null };
    let queryError: SearchView['queryError'];
    try {
      if (query !== '') list = await find(ctx, query, perPage, cursor);
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 422) throw error;
      queryError = formErrors(error).list[0]?.text;
    }
    const ids = list.items.map(({ id }) => id);
    const facts = await readLists(
      desk.storage,
      rowLists(
        desk.storage.read,
        actor,
        ids,
        list.items.map(({ requesterId }) => requesterId),
      ),
    );
    const mayCustomers = isAllowed(actor, 'customers.view');
    const customers =
      query === '' || cursor !== undefined || !mayCustomers || query.includes(':')
        ? []
        : await listUsers(desk.storage.read, { kind: 'customer', query, limit: maxCustomers });
    const view: SearchView = {
      query,
      ...(queryError === undefined ? {} : { queryError }),
      tickets: presentRows(desk, ctx, list.items, facts, { statuses: await desk.statuses.list() }),
      customers: customers.map(({ id, name, email }) => ({ id: String(id), name, email: email ?? '', href: `/desk/customers/${id}` })),
      paging: list.next === null ? {} : { olderUrl: `/desk/search?${new URLSearchParams({ q: query, after: list.next }).toString()}` },
      hints,
    };
    await renderDesk(app, ctx, {
      template: 'tickets/search',
      title: { key: 'search.title' },
      view,
      place: 'search',
      slots: { names: ['search.results'], input: { query } },
    });
  }

  async function answerPalette(ctx: Context): Promise<void> {
    const { actor } = agent(ctx, 'tickets.view');
    const { read } = desk.storage;
    const query = (ctx.URL.searchParams.get('q') ?? '').trim();
    const fits = (label: string): boolean =>
      fold(query)
        .split(/\s+/)
        .every((word) => fold(label).includes(word));
    const facts = await readLists(desk.storage, { ...navigationLists(read, actor), mailboxes: choiceLists(read).mailboxes });
    const views = viewsOf(facts, actor, ctx.state.locale);
    const places = [
      ...[...views.builtIn, ...views.mailboxes, ...views.saved].map((view) => ({
        label: view.labelKey === undefined ? (view.name ?? '') : text(ctx, view.labelKey),
        href: `/desk/inbox/${view.key}`,
        hint: text(ctx, 'desk.views.title'),
      })),
      { label: text(ctx, 'search.title'), href: '/desk/search', hint: text(ctx, 'desk.nav.places') },
      { label: text(ctx, 'customers.title'), href: '/desk/customers', hint: text(ctx, 'desk.nav.places') },
      { label: text(ctx, 'notifications.title'), href: '/desk/notifications', hint: text(ctx, 'desk.nav.places') },
      { label: text(ctx, 'profile.title'), href: '/desk/profile', hint: text(ctx, 'desk.nav.places') },
    ].filter(({ label }) => fits(label));
    const tickets =
      query.length < 2 || query.includes(':')
        ? []
        : (await find(ctx, query, 8)).items.map((ticket) => ({
            label: ticket.subject,
            href: `/desk/tickets/${ticket.number}`,
            hint: `#${ticket.number}`,
          }));
    const customers =
      query.length < 2 || !isAllowed(actor, 'customers.view')
        ? []
        : (await listUsers(read, { kind: 'customer', query, limit: 5 })).map(({ id, name, email }) => ({
            label: name,
            href: `/desk/customers/${id}`,
            hint: email ?? '',
          }));
    ctx.body = { items: [...places, ...tickets, ...customers] };
  }

  return new Router().get('/desk/search', showSearch).get('/desk/palette', answerPalette).middleware();
}
