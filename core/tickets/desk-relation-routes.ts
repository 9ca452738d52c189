import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, idFrom, listTickets, peopleById, peopleQuery, presentPerson, presentStatus, renderDesk, see } from '../inbox/index.ts';
import { AppError } from '../kernel/errors.ts';
import { readLists } from '../storage/index.ts';
import { editTicket } from './editing.ts';
import { setLink } from './linking.ts';
import { mergeTickets } from './merging.ts';
import { namedOnTicket, ticketLists } from './ticket-page-query.ts';
import { ticketOf, ticketPath } from './ticket-page.ts';
import { presentHistory } from './timeline.ts';
import type { Ticket } from './types.ts';
import { seeTicketByNumber } from './visible-tickets.ts';

const maxCandidates = 10;

/** Pages beside a ticket: its subject, what it is merged into or linked to, its history. */
export function relationRoutes(app: App): Middleware {
  const { desk } = app;

  async function candidates(ctx: Context, ticket: Ticket, query: string) {
    const { actor } = agent(ctx);
    const number = /^#?(\d{1,15})$/.exec(query.trim())?.[1];
    const filter = query.trim() === '' ? `requester:${ticket.requesterId}` : number === undefined ? query.replaceAll(/[:"]/g, ' ') : number;
    const found = (await listTickets(desk, actor, { filter, limit: maxCandidates + 1 })).items
      .filter(({ id }) => id !== ticket.id)
      .slice(0, maxCandidates);
    const { people } = await readLists(desk.storage, {
      people: peopleQuery(
        desk.storage.read,
        (users) =>
          void users.whereIn(
            'users.id',
            found.map(({ requesterId }) => requesterId),
          ),
      ),
    });
    const statuses = await desk.statuses.list();
    return found.map((one) => ({
      number: one.number,
      subject: one.subject,
      requester: presentPerson(peopleById(people), one.requesterId),
      status: presentStatus(statuses, one.statusId, ctx.state.locale),
      updatedAt: one.lastMessageAt,
    }));
  }

  async function showMerge(ctx: Context, error?: unknown): Promise<void> {
    const { actor } = agent(ctx, 'tickets.edit');
    const ticket = await ticketOf(app, ctx);
    const query = ctx.URL.searchParams.get('q') ?? '';
    const into = idFrom(ctx.URL.searchParams.get('into') ?? undefined);
    const target = into === undefined ? undefined : await seeTicketByNumber(desk, actor, into);
    const { people } = await readLists(desk.storage, {
      people: peopleQuery(desk.storage.read, (users) => void users.where('users.id', target?.requesterId ?? 0)),
    });
    const view = {
      ticket: { number: ticket.number, subject: ticket.subject },
      query,
      candidates: target === undefined ? await candidates(ctx, ticket, query) : [],
      ...(target === undefined
        ? {}
        : {
            target: {
              number: target.number,
              subject: target.subject,
              requester: presentPerson(peopleById(people), target.requesterId),
              otherRequester: target.requesterId !== ticket.requesterId,
            },
          }),
    };
    await renderDesk(app, ctx, { template: 'tickets/merge', title: { key: 'ticket.merge' }, view, place: 'inbox', error });
  }

  async function showLinks(ctx: Context, error?: unknown): Promise<void> {
    const { actor } = agent(ctx, 'tickets.edit');
    const ticket = await ticketOf(app, ctx);
    const query = ctx.URL.searchParams.get('q') ?? '';
    const { links } = await readLists(desk.storage, { links: ticketLists(desk.storage.read, actor, ticket).links });
    const statuses = await desk.statuses.list();
    const view = {
      ticket: { number: ticket.number, subject: ticket.subject },
      query,
      links: links.map(({ number, subject, statusId }) => ({
        number,
        subject,
        status: presentStatus(statuses, statusId, ctx.state.locale),
      })),
      candidates: (await candidates(ctx, ticket, query)).filter(({ number }) => !links.some((link) => link.number === number)),
    };
    await renderDesk(app, ctx, { template: 'tickets/links', title: { key: 'ticket.link' }, view, place: 'inbox', error });
  }

  async function saveLink(ctx: Context, isLinked: boolean): Promise<void> {
    const { actor } = agent(ctx, 'tickets.edit');
    const ticket = await ticketOf(app, ctx);
    const form = await readForm(desk, ctx);
    try {
      const other = await seeTicketByNumber(desk, actor, Number(form.text('other')));
      await setLink(desk, actor, ticket.id, other.id, isLinked);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, `/desk/tickets/${ticket.number}/links`);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      await showLinks(ctx, error);
    }
  }

  async function showEdit(ctx: Context, subject?: string, error?: unknown): Promise<void> {
    agent(ctx, 'tickets.edit');
    const ticket = await ticketOf(app, ctx);
    const view = {
      ticket: { number: ticket.number, subject: ticket.subject, version: ticket.version },
      subject: subject ?? ticket.subject,
    };
    await renderDesk(app, ctx, { template: 'tickets/edit', title: { key: 'ticket.rename' }, view, place: 'inbox', error });
  }

  return new Router()
    .get('/desk/tickets/:number/edit', (ctx) => showEdit(ctx))
    .post('/desk/tickets/:number/edit', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.edit');
      const ticket = await ticketOf(app, ctx);
      const form = await readForm(desk, ctx);
      try {
        await editTicket(desk, actor, ticket.id, { subject: form.text('subject'), version: idFrom(form.text('version')) });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, ticketPath(ctx, ticket.number));
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await showEdit(ctx, form.text('subject'), error);
      }
    })
    .get('/desk/tickets/:number/merge', (ctx) => showMerge(ctx))
    .post('/desk/tickets/:number/merge', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.edit');
      const ticket = await ticketOf(app, ctx);
      const form = await readForm(desk, ctx);
      try {
        const into = await seeTicketByNumber(desk, actor, Number(form.text('into')));
        const merged = await mergeTickets(desk, actor, ticket.id, into.id);
        setFlash(ctx, { kind: 'done', key: 'flash.merged' });
        see(ctx, `/desk/tickets/${merged.number}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await showMerge(ctx, error);
      }
    })
    .get('/desk/tickets/:number/links', (ctx) => showLinks(ctx))
    .post('/desk/tickets/:number/links', (ctx) => saveLink(ctx, true))
    .post('/desk/tickets/:number/links/remove', (ctx) => saveLink(ctx, false))
    .get('/desk/tickets/:number/events', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      const ticket = await ticketOf(app, ctx);
      const { read } = desk.storage;
      const { events, people } = await readLists(desk.storage, {
        events: ticketLists(read, actor, ticket).events,
        people: peopleQuery(read, namedOnTicket(read, ticket)),
      });
      const history = presentHistory(ctx, { events, people: peopleById(people), statuses: await desk.statuses.list() });
      await renderDesk(app, ctx, {
        template: 'tickets/history',
        title: { key: 'ticket.history' },
        view: { ticket: { number: ticket.number, subject: ticket.subject }, history },
        place: 'inbox',
      });
    })
    .middleware();
}
