import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, leaveTo, listAddress, listBeside, listUrl, navigationLists, choiceLists, see } from '../inbox/index.ts';
import { AppError, Invalid } from '../kernel/errors.ts';
import { readLists } from '../storage/index.ts';
import { assign } from './assigning.ts';
import { editTicket } from './editing.ts';
import { setFollowing } from './following.ts';
import { moveTicket } from './moving.ts';
import { snoozeMoment } from './snooze-choices.ts';
import { snooze } from './snoozing.ts';
import { besideOf, showTicket, ticketOf, ticketPath } from './ticket-page.ts';
import { priorities, type Place, type Ticket } from './types.ts';

/** Everything that changes a ticket's properties from its page. */
export function changeRoutes(app: App): Middleware {
  const { desk } = app;

  /** Does the change and shows the ticket again; a refusal is said in the ticket. */
  function change(work: (ctx: Context, ticket: Ticket, form: Form) => Promise<void>) {
    return async (ctx: Context): Promise<void> => {
      const ticket = await ticketOf(app, ctx);
      const form = await readForm(desk, ctx);
      try {
        await work(ctx, ticket, form);
        if (ctx.status === 404) see(ctx, ticketPath(ctx, ticket.number));
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500 || error.status === 403) throw error;
        await showTicket(app, ctx, { error });
      }
    };
  }

  async function setStatus(ctx: Context, ticket: Ticket, form: Form): Promise<void> {
    const { actor, user } = agent(ctx);
    const before = await desk.statuses.byId(ticket.statusId);
    const key = form.optional('status') ?? ctx.URL.searchParams.get('status') ?? '';
    const after = await editTicket(desk, actor, ticket.id, { status: key, version: versionOf(form) });
    if (after.statusId === ticket.statusId) return;
    setFlash(ctx, {
      kind: 'done',
      key: 'flash.status',
      undoUrl: `/desk/tickets/${ticket.number}/status?status=${encodeURIComponent(before.key)}`,
    });
    const isDone = after.category === 'solved' || after.category === 'closed';
    const { afterClose = 'stay' } = user.preferences;
    if (isDone && afterClose !== 'stay') leaveTo(ctx, await placeAfter(ctx, ticket, afterClose));
  }

  async function placeAfter(ctx: Context, ticket: Ticket, afterClose: 'next' | 'list'): Promise<string> {
    const beside = besideOf(ctx) ?? listAddress('mine', new URLSearchParams());
    const list = listUrl(beside.key, { q: beside.query });
    if (afterClose === 'list') return list;
    const { actor } = agent(ctx);
    const { read } = desk.storage;
    const facts = await readLists(desk.storage, { ...navigationLists(read, actor), ...choiceLists(read) });
    const { view, next } = await listBeside(app, ctx, beside, facts, ticket);
    return next ?? view.tickets.find(({ number }) => number !== ticket.number)?.href ?? list;
  }

  return new Router()
    .post(
      '/desk/tickets/:number/assignee',
      change(async (ctx, ticket, form) => {
        const { actor } = agent(ctx);
        const chosen = form.text('assignee');
        await assign(desk, actor, ticket.id, chosen === '' ? null : Number(chosen));
        setFlash(ctx, { kind: 'done', key: 'flash.assigned' });
      }),
    )
    .post('/desk/tickets/:number/status', change(setStatus))
    .post(
      '/desk/tickets/:number/properties',
      change(async (ctx, ticket, form) => {
        const { actor } = agent(ctx);
        const priority = priorities.find((one) => one === form.text('priority'));
        await editTicket(desk, actor, ticket.id, {
          ...(priority === undefined ? {} : { priority }),
          ...(form.has('tags') ? { tags: form.text('tags').split(',') } : {}),
          ...(form.has('mailbox') ? { mailboxId: form.text('mailbox') === '' ? null : Number(form.text('mailbox')) } : {}),
          version: versionOf(form),
        });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      }),
    )
    .post(
      '/desk/tickets/:number/snooze',
      change(async (ctx, ticket, form) => {
        const { actor } = agent(ctx);
        const until = snoozeMoment(form.text('until'), ctx.state.timeZone);
        await snooze(desk, actor, ticket.id, until);
        setFlash(ctx, { kind: 'done', key: until === null ? 'flash.woken' : 'flash.snoozed' });
      }),
    )
    .post(
      '/desk/tickets/:number/follow',
      change(async (ctx, ticket) => setFollowing(desk, agent(ctx).actor, ticket.id, true)),
    )
    .post(
      '/desk/tickets/:number/unfollow',
      change(async (ctx, ticket) => setFollowing(desk, agent(ctx).actor, ticket.id, false)),
    )
    .post(
      '/desk/tickets/:number/place',
      change(async (ctx, ticket, form) => {
        const { actor } = agent(ctx);
        const place = placeFrom(form.optional('place') ?? ctx.URL.searchParams.get('place') ?? '');
        await moveTicket(desk, actor, ticket.id, place);
        setFlash(ctx, {
          kind: 'done',
          key: `flash.moved-${place}`,
          undoUrl: `/desk/tickets/${ticket.number}/place?place=${ticket.place === 'desk' ? 'inbox' : ticket.place}`,
        });
      }),
    )
    .post('/desk/tickets/:number/presence', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.view');
      const ticket = await ticketOf(app, ctx);
      const form = await readForm(desk, ctx);
      const doing = form.text('doing') === 'replying' ? 'replying' : 'viewing';
      if (desk.presence.beat(ticket.number, { userId: actor.userId, name: actor.name, doing }, desk.clock.now()))
        desk.live.announce([`presence:${ticket.number}`]);
      ctx.status = 204;
    })
    .middleware();
}

/** @throws Invalid `tickets.unknown-place`. */
function placeFrom(text: string): Place {
  const place = ({ inbox: 'desk', spam: 'spam', trash: 'trash' } as const)[text];
  if (place === undefined) throw new Invalid('tickets.unknown-place', { place: text });
  return place;
}

function versionOf(form: Form): number | undefined {
  const version = Number(form.text('version'));
  return Number.isSafeInteger(version) && version > 0 ? version : undefined;
}
