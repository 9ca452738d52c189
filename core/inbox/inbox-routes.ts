import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import { ticketFromRow, ticketsFor, type BulkResultView, type SaveViewView, type Ticket, type TicketRow } from '../tickets/index.ts';
import { isAllowed, type UserActor } from '../users/index.ts';
import { changeMany } from './bulk.ts';
import { agent, idFrom, leaveTo, renderDesk, see } from './desk-page.ts';
import { filterOfView, listAddress, listWithNavigation, readNavigation, titleOf } from './inbox-page.ts';
import { listUrl } from './list-presenter.ts';
import { listTickets } from './listing.ts';
import { listViews, removeView, saveView } from './views-repository.ts';

const maxBulk = 1000;
const bulkPage = 200;

/** The lists of the desk: views, filters, changes to many tickets at once, saved views. */
export function inboxRoutes(app: App): Middleware {
  const { desk, pages } = app;
  const router = new Router();

  async function showView(ctx: Context, values: SaveViewView, error?: unknown): Promise<void> {
    await renderDesk(app, ctx, {
      template: 'tickets/save-view',
      title: { key: values.id === undefined ? 'desk.view.new.title' : 'desk.view.edit.title' },
      view: values,
      place: 'inbox',
      error,
    });
  }

  async function saveForm(ctx: Context, id?: number): Promise<void> {
    const { actor } = agent(ctx, 'tickets.view');
    const form = await readForm(desk, ctx);
    const values = { name: form.text('name'), query: form.text('q'), shared: form.isChecked('shared') };
    try {
      const key = await saveView(desk, actor, { name: values.name, filter: values.query, isShared: values.shared }, id);
      see(ctx, `/desk/inbox/${key}`);
    } catch (error) {
      await showView(
        ctx,
        { ...values, ...(id === undefined ? {} : { id: String(id) }), sort: '', mayShare: isAllowed(actor, 'settings.manage') },
        error,
      );
    }
  }

  async function chosen(
    actor: UserActor,
    key: string,
    form: { all(name: string): readonly string[]; text(name: string): string; isChecked(name: string): boolean },
  ): Promise<readonly Ticket[]> {
    if (!form.isChecked('all')) {
      const numbers = form.all('ticket').map(Number).filter(Number.isSafeInteger).slice(0, maxBulk);
      if (numbers.length === 0) return [];
      const rows: TicketRow[] = await ticketsFor(desk.storage.read, actor).whereIn('tickets.number', numbers).select('tickets.*');
      return rows.map(ticketFromRow);
    }
    const filter = `${await filterOfView(app, key)} ${form.text('q')}`;
    const tickets: Ticket[] = [];
    let cursor: string | undefined;
    do {
      const page = await listTickets(desk, actor, { filter, limit: bulkPage, cursor });
      tickets.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && tickets.length < maxBulk);
    return tickets.slice(0, maxBulk);
  }

  router
    .get('/desk', async (ctx) => {
      const { actor } = agent(ctx);
      const mine = await listTickets(desk, actor, { filter: 'assignee:me is:open', limit: 1 });
      ctx.redirect(mine.items.length === 0 ? '/desk/inbox/open' : '/desk/inbox/mine');
    })
    .get('/desk/inbox', (ctx) => ctx.redirect('/desk'))
    .get('/desk/inbox/:view', async (ctx) => {
      const { info, view, nav } = await listWithNavigation(app, ctx, listAddress(ctx.params['view'] ?? '', ctx.URL.searchParams));
      await renderDesk(app, ctx, { template: 'tickets/list', title: titleOf(ctx, info), view, place: 'inbox', nav });
    })
    .post('/desk/inbox/:view/bulk', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      const key = ctx.params['view'] ?? '';
      const form = await readForm(desk, ctx);
      const tickets = await chosen(actor, key, form);
      const { done, skipped } = await changeMany(desk, actor, tickets, form.text('do'), form.text('tag'));
      const view: BulkResultView = {
        done: { key: 'desk.bulk.done', params: { count: done } },
        skipped,
        backUrl: listUrl(key, { q: form.text('q') }),
      };
      await renderDesk(app, ctx, { template: 'tickets/bulk-result', title: { key: 'desk.bulk.title' }, view, place: 'inbox' });
    })
    .get('/desk/views', async (ctx) => {
      await pages.fragment(ctx, 'ui/views-nav', await readNavigation(app, ctx), { names: ['desk.views'], input: {} });
    })
    .get('/desk/views/new', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      const from = ctx.URL.searchParams.get('view') ?? '';
      const base = from === '' ? '' : await filterOfView(app, from);
      const query = `${base} ${ctx.URL.searchParams.get('q') ?? ''}`.trim();
      await showView(ctx, { name: '', query, sort: '', shared: false, mayShare: isAllowed(actor, 'settings.manage') });
    })
    .post('/desk/views', (ctx) => saveForm(ctx))
    .get('/desk/views/:id', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      const id = idFrom(ctx.params['id']);
      const view = (await listViews(desk.storage.read, actor)).find((one) => one.id === id && !one.isBuiltin);
      if (view === undefined) throw new NotFound('views.not-found', { id });
      await showView(ctx, {
        id: String(view.id),
        name: view.names[ctx.state.locale] ?? view.names['en'] ?? '',
        query: view.filter,
        sort: '',
        shared: view.userId === null,
        mayShare: isAllowed(actor, 'settings.manage'),
      });
    })
    .post('/desk/views/:id', (ctx) => saveForm(ctx, idFrom(ctx.params['id'])))
    .post('/desk/views/:id/delete', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      await removeView(desk, actor, idFrom(ctx.params['id']) ?? 0);
      leaveTo(ctx, '/desk/inbox/mine');
    });
  return router.middleware();
}
