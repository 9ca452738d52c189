import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import { checkPassword, hashPassword, setPasswordHash } from '../auth/index.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import { once } from '../http/once.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { isTimeZone, timeZoneOptions } from '../i18n/index.ts';
import { listTickets } from '../inbox/index.ts';
import { Invalid } from '../kernel/errors.ts';
import { changeStatus, openTicket, reply, seeTicketByNumber, type NewAttachment, type TicketDraft } from '../tickets/index.ts';
import { editUser, findOrganization, passwordHashOf } from '../users/index.ts';
import { presentTicket, presentTicketRow } from './presenter.ts';
import type { PortalListView, PortalNewView } from './views.ts';

const perPage = 25;
const openLimit = { hits: 20, windowMs: 3_600_000 };

/** The customer's side: home, new ticket, own tickets. */
export function portalRoutes({ desk, pages }: App): Middleware {
  const router = new Router();
  const t = (ctx: Context, key: string, params?: Readonly<Record<string, unknown>>): string => ctx.state.translator.t(key, params);

  router
    .get('/', async (ctx) => {
      const { actor, user } = ctx.state;
      const open =
        actor === undefined
          ? []
          : (await listTickets(desk, actor, { filter: `requester:${actor.userId} -is:solved -is:closed`, limit: 5 })).items;
      const view = {
        ...(user === undefined ? {} : { greeting: t(ctx, 'portal.home.greeting', { name: user.name }) }),
        openTickets: await presentTicketRow(desk, ctx, open),
      };
      await pages.render(ctx, {
        area: 'portal',
        template: 'portal/home',
        title: '',
        view,
        layout: { current: 'home' },
        slots: { names: ['portal.home.search', 'portal.home.topics', 'portal.footer'], input: {} },
      });
    })
    .get('/tickets/new', (ctx) => showNew(ctx, { name: '', email: '', subject: ctx.URL.searchParams.get('subject') ?? '', body: '' }))
    .post('/tickets', async (ctx) => {
      const form = await readForm(desk, ctx);
      const values = { name: form.text('name'), email: form.text('email'), subject: form.text('subject'), body: form.text('body') };
      try {
        await openFromForm(ctx, form, values);
      } catch (error) {
        await showNew(ctx, values, error);
      }
    })
    .get('/tickets/sent/:number', async (ctx) => {
      const mailWorks = (await desk.mail.systemSender()) !== undefined;
      const view = {
        number: Number(ctx.params['number']),
        email: ctx.state.user?.email ?? ctx.cookies.get('hd_sent') ?? '',
        signedIn: ctx.state.user !== undefined,
        mailWorks,
      };
      await pages.render(ctx, {
        area: 'portal',
        template: 'portal/sent',
        title: t(ctx, 'portal.sent.title'),
        view,
        layout: { current: 'contact' },
      });
    })
    .get('/tickets', async (ctx) => {
      const { actor, user } = signedIn(ctx);
      const { searchParams } = ctx.URL;
      const filter = (['open', 'solved', 'all'] as const).find((one) => one === searchParams.get('filter')) ?? 'open';
      const query = searchParams.get('q') ?? '';
      const organization =
        user.organizationId !== null && actor.permissions.has('organization.tickets')
          ? await findOrganization(desk.storage.read, user.organizationId)
          : undefined;
      const scope = searchParams.get('scope') === 'organization' && organization !== undefined ? 'organization' : 'mine';
      const words = query.replaceAll(/[:"-]/g, ' ').trim();
      const state = { open: '-is:solved -is:closed', solved: '-is:open -is:waiting -is:snoozed', all: '' }[filter];
      const cursor = searchParams.get('after') ?? undefined;
      const { items, next } = await listTickets(desk, actor, {
        filter: `${scope === 'mine' && (actor.role === 'agent' || organization !== undefined) ? `requester:${actor.userId} ` : ''}${state} ${words}`,
        limit: perPage,
        cursor,
      });
      const view: PortalListView = {
        query,
        filter,
        scope,
        ...(organization === undefined ? {} : { organization: organization.name }),
        tickets: await presentTicketRow(desk, ctx, items),
        paging: {
          ...(cursor === undefined ? {} : { newerUrl: pageUrl(ctx, undefined) }),
          ...(next === null ? {} : { olderUrl: pageUrl(ctx, next) }),
        },
      };
      await pages.render(ctx, {
        area: 'portal',
        template: 'portal/tickets',
        title: t(ctx, 'portal.nav.tickets'),
        view,
        layout: { current: 'tickets' },
      });
    })
    .get('/tickets/:number', (ctx) => showTicket(ctx))
    .post('/tickets/:number/messages', async (ctx) => {
      const { actor } = signedIn(ctx);
      const form = await readForm(desk, ctx);
      const ticket = await seeTicketByNumber(desk, actor, Number(ctx.params['number']));
      try {
        await once(desk, { userId: actor.userId, key: form.text('idempotencyKey') }, () =>
          reply(desk, actor, ticket.id, {
            kind: 'reply',
            direction: 'in',
            channel: 'portal',
            authorId: actor.userId,
            text: form.text('body'),
            attachments: attachmentsIn(form),
          }),
        );
        setFlash(ctx, { kind: 'done', key: 'flash.portal-replied' });
        see(ctx, `/tickets/${ticket.number}`);
      } catch (error) {
        await showTicket(ctx, form.text('body'), error);
      }
    })
    .post('/tickets/:number/closure', async (ctx) => {
      const { actor } = signedIn(ctx);
      const form = await readForm(desk, ctx);
      const ticket = await seeTicketByNumber(desk, actor, Number(ctx.params['number']));
      if (form.text('body').trim() !== '')
        await reply(desk, actor, ticket.id, {
          kind: 'reply',
          direction: 'in',
          channel: 'portal',
          text: form.text('body'),
          attachments: attachmentsIn(form),
        });
      await changeStatus(desk, actor, ticket.id, (await desk.statuses.defaultOf('solved')).key);
      see(ctx, `/tickets/${ticket.number}`);
    })
    .post('/tickets/:number/reopen', async (ctx) => {
      const { actor } = signedIn(ctx);
      const ticket = await seeTicketByNumber(desk, actor, Number(ctx.params['number']));
      await changeStatus(desk, actor, ticket.id, (await desk.statuses.defaultOf('open')).key);
      see(ctx, `/tickets/${ticket.number}`);
    })
    .get('/account', (ctx) => showAccount(ctx))
    .post('/account', async (ctx) => {
      const { actor, user } = signedIn(ctx);
      const form = await readForm(desk, ctx);
      try {
        const timeZone = form.optional('timeZone');
        if (timeZone !== undefined && !isTimeZone(timeZone)) throw new Invalid('users.time-zone-unknown', { fields: ['timeZone'] });
        await editUser(desk, actor, user.id, {
          name: form.text('name'),
          locale: form.optional('locale') ?? null,
          timeZone: timeZone ?? null,
        });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, '/account');
      } catch (error) {
        await showAccount(ctx, error);
      }
    })
    .post('/account/password', async (ctx) => {
      const { user, session } = signedIn(ctx);
      const form = await readForm(desk, ctx);
      try {
        await desk.throttle.hit(`password:${user.id}`, { hits: 10, windowMs: 900_000 });
        const stored = await passwordHashOf(desk.storage.read, user.id);
        if (stored !== null && !(await checkPassword(stored, form.text('currentPassword'))))
          throw new Invalid('auth.password-wrong', { fields: ['currentPassword'] });
        await setPasswordHash(desk, user.id, await hashPassword(form.text('newPassword')), session?.id ?? null);
        setFlash(ctx, { kind: 'done', key: 'flash.password-changed' });
        see(ctx, '/account');
      } catch (error) {
        await showAccount(ctx, error);
      }
    });
  return router.middleware();

  async function showNew(ctx: Context, values: PortalNewView['values'], error?: unknown): Promise<void> {
    const { maxUploadMegabytes } = await desk.settings.get('tickets');
    const view: PortalNewView = {
      signedIn: ctx.state.user !== undefined,
      values,
      idempotencyKey: randomUUID(),
      attachments: [],
      maximumMegabytes: Number(maxUploadMegabytes),
      ...(error === undefined ? {} : { errors: formErrors(error) }),
    };
    await pages.render(ctx, {
      area: 'portal',
      template: 'portal/new',
      title: t(ctx, 'portal.new.title'),
      view,
      layout: { current: 'contact' },
      slots: { names: ['portal.new.suggestions', 'portal.new.fields'], input: {} },
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }

  async function openFromForm(ctx: Context, form: Form, values: PortalNewView['values']): Promise<void> {
    const { actor } = ctx.state;
    if (values.subject.trim() === '') throw new Invalid('tickets.subject-missing', { fields: ['subject'] });
    if (values.body.trim() === '') throw new Invalid('messages.empty', { fields: ['body'] });
    await desk.throttle.hit(`portal-open:${actor?.userId ?? ctx.ip}`, openLimit);
    const draft: TicketDraft = {
      subject: values.subject,
      requester: actor === undefined ? { email: values.email, name: values.name } : { userId: actor.userId },
      message: { text: values.body, attachments: attachmentsIn(form) },
      channel: 'portal',
      locale: ctx.state.locale,
    };
    const number = await once(
      desk,
      { userId: actor?.userId ?? 0, key: form.text('idempotencyKey') },
      async () => (await openTicket(desk, actor ?? { kind: 'system' }, draft)).ticket.number,
    );
    if (actor === undefined)
      ctx.cookies.set('hd_sent', values.email, {
        httpOnly: true,
        sameSite: 'lax',
        secure: ctx.state.isSecure,
        maxAge: 600_000,
        overwrite: true,
      });
    see(ctx, `/tickets/sent/${number}`);
  }

  async function showTicket(ctx: Context, body = '', error?: unknown): Promise<void> {
    const { actor } = signedIn(ctx);
    const ticket = await seeTicketByNumber(desk, actor, Number(ctx.params['number']));
    const { maxUploadMegabytes } = await desk.settings.get('tickets');
    const view = await presentTicket(desk, ctx, ticket, {
      body,
      maximumMegabytes: Number(maxUploadMegabytes),
      ...(error === undefined ? {} : { errors: formErrors(error) }),
    });
    await pages.render(ctx, {
      area: 'portal',
      template: 'portal/ticket',
      title: ticket.subject,
      view,
      layout: { current: 'tickets' },
      slots: { names: ['portal.ticket.top', 'portal.ticket.bottom'], input: { ticketId: ticket.id } },
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }

  async function showAccount(ctx: Context, error?: unknown): Promise<void> {
    const { user } = signedIn(ctx);
    const view = {
      name: user.name,
      email: user.email ?? '',
      locales: desk.locales().map((value) => ({
        value,
        label: new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? value,
        selected: value === ctx.state.locale,
      })),
      timeZones: timeZoneOptions(ctx.state.timeZone),
      hasPassword: user.hasPassword,
      ...(error === undefined ? {} : { errors: formErrors(error) }),
    };
    await pages.render(ctx, {
      area: 'portal',
      template: 'portal/account',
      title: t(ctx, 'portal.account'),
      view,
      slots: { names: ['portal.account'], input: { userId: user.id } },
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }
}

function attachmentsIn(form: Form): readonly NewAttachment[] {
  return form.files.map(({ id }) => ({ fileId: id }));
}

function pageUrl(ctx: Context, cursor: string | undefined): string {
  const query = new URLSearchParams(ctx.querystring);
  if (cursor === undefined) query.delete('after');
  else query.set('after', cursor);
  return `${ctx.path}?${query.toString()}`;
}

/** After a form: 303, so that going back or reloading does not send it again. */
function see(ctx: Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}
