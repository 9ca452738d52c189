import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, idFrom, listTickets, presentStatus, renderDesk, see, text } from '../inbox/index.ts';
import { AppError, NotFound } from '../kernel/errors.ts';
import { listOf, readLists } from '../storage/index.ts';
import { ticketsFor } from '../tickets/index.ts';
import type { FieldView, OptionView, Sentence } from '../ui/types.ts';
import { isAllowed, type UserActor } from './actor.ts';
import { createUser } from './creating.ts';
import { addEmail, editUser, makePrimary } from './editing.ts';
import type { User } from './types.ts';
import { addressStates, type AddressState } from '../mail/index.ts';
import { emailsOf, findOrganization, findUser, listOrganizations, listUsers } from './users-repository.ts';
import type { CustomerListView, CustomerPageView } from './views.ts';

const perPage = 50;
const ticketsPerPage = 25;

/** Customers, as the people who answer them see them. */
export function customerRoutes(app: App): Middleware {
  const { desk } = app;

  async function showList(ctx: Context): Promise<void> {
    const { actor } = agent(ctx, 'customers.view');
    const { read } = desk.storage;
    const query = (ctx.URL.searchParams.get('q') ?? '').trim();
    const after = idFrom(ctx.URL.searchParams.get('after') ?? undefined);
    const found = await listUsers(read, { kind: 'customer', query, limit: perPage + 1, ...(after === undefined ? {} : { after }) });
    const customers = found.slice(0, perPage);
    const ids = customers.map(({ id }) => id);
    const open = ticketsFor(read, actor).whereIn('tickets.requester_id', ids).where('tickets.category', 'open');
    const facts = await readLists(desk.storage, {
      open: listOf<{ requesterId: number }>(open, { requesterId: 'tickets.requester_id' }),
      organizations: listOf<{ id: number; name: string }>(
        read('organizations').whereIn(
          'id',
          customers.map(({ organizationId }) => organizationId ?? 0),
        ),
        { id: 'id', name: 'name' },
      ),
    });
    const view: CustomerListView = {
      query,
      customers: customers.map((user) => ({
        id: String(user.id),
        name: user.name,
        email: user.email ?? '',
        href: `/desk/customers/${user.id}`,
        organization: facts.organizations.find(({ id }) => id === user.organizationId)?.name,
        openTickets: facts.open.filter(({ requesterId }) => requesterId === user.id).length,
        ...(user.lastSeenAt === null ? {} : { lastSeenAt: user.lastSeenAt }),
      })),
      paging: {
        ...(after === undefined ? {} : { newerUrl: `/desk/customers?${new URLSearchParams({ q: query }).toString()}` }),
        ...(found.length > perPage
          ? { olderUrl: `/desk/customers?${new URLSearchParams({ q: query, after: String(customers.at(-1)?.id ?? 0) }).toString()}` }
          : {}),
      },
    };
    await renderDesk(app, ctx, { template: 'users/customers', title: { key: 'customers.title' }, view, place: 'customers' });
  }

  async function showCustomer(ctx: Context, form?: Form, error?: unknown): Promise<void> {
    const { actor } = agent(ctx, 'customers.view');
    const user = await customerOf(ctx);
    const { read } = desk.storage;
    const cursor = ctx.URL.searchParams.get('after') ?? undefined;
    const [emails, organization, organizations, tickets, statuses] = await Promise.all([
      emailsOf(read, user.id),
      user.organizationId === null ? undefined : findOrganization(read, user.organizationId),
      listOrganizations(read, { limit: 500 }),
      listTickets(desk, actor, { filter: `requester:${user.id} is:any`, limit: ticketsPerPage, cursor }),
      desk.statuses.list(),
    ]);
    const states = await addressStates(
      read,
      emails.map(({ email }) => email),
      desk.clock.now(),
    );
    const edits = isAllowed(actor, 'customers.edit');
    const chosen = form === undefined ? user.organizationId : (idFrom(form.text('organization')) ?? null);
    const view: CustomerPageView = {
      customer: { id: String(user.id), name: user.name, email: user.email ?? '' },
      fields: fieldsOf(ctx, { name: form?.text('name') ?? user.name, locale: form?.text('locale') ?? user.locale ?? '' }, [
        { value: '', label: '–', selected: chosen === null },
        ...organizations.map(({ id, name }) => ({ value: String(id), label: name, selected: id === chosen })),
      ]),
      emails: emails.map(({ id, email, isPrimary, confirmedAt }) => ({
        id: String(id),
        address: email,
        primary: isPrimary,
        verified: confirmedAt !== null,
        trouble: troubleOf(states.get(email.toLowerCase())),
      })),
      ...(organization === undefined
        ? {}
        : { organization: { name: organization.name, href: `/desk/search?q=${encodeURIComponent(`organization:${organization.id}`)}` } }),
      facts: [],
      note: form?.text('note') ?? user.notes ?? '',
      tickets: tickets.items.map((ticket) => ({
        number: ticket.number,
        subject: ticket.subject,
        status: presentStatus(statuses, ticket.statusId, ctx.state.locale),
        updatedAt: ticket.lastMessageAt,
      })),
      paging: tickets.next === null ? {} : { olderUrl: `${ctx.path}?after=${tickets.next}` },
      blocked: !user.isActive,
      can: { edit: edits, block: edits, merge: false, privacy: isAllowed(actor, 'customers.privacy') },
    };
    await renderDesk(app, ctx, {
      template: 'users/customer',
      title: user.name,
      view,
      place: 'customers',
      slots: { names: ['customer.page'], input: { userId: user.id } },
      error,
    });
  }

  async function showNew(ctx: Context, values: { name: string; email: string }, error?: unknown): Promise<void> {
    agent(ctx, 'customers.edit');
    await renderDesk(app, ctx, {
      template: 'users/new-customer',
      title: { key: 'customers.new' },
      view: { values },
      place: 'customers',
      error,
    });
  }

  function fieldsOf(ctx: Context, values: { name: string; locale: string }, organizations: readonly OptionView[]): readonly FieldView[] {
    return [
      { name: 'name', type: 'text', label: { key: 'auth.name' }, value: values.name, required: true },
      { name: 'organization', type: 'select', label: { key: 'ticket.side.organization' }, options: organizations },
      {
        name: 'locale',
        type: 'select',
        label: { key: 'ui.language' },
        options: [
          { value: '', label: text(ctx, 'customers.language.unknown'), selected: values.locale === '' },
          ...desk.locales().map((value) => ({
            value,
            label: new Intl.DisplayNames([ctx.state.locale], { type: 'language' }).of(value) ?? value,
            selected: value === values.locale,
          })),
        ],
      },
    ];
  }

  /** @throws NotFound also when the person was deleted. */
  async function customerOf(ctx: Context): Promise<User> {
    const user = await findUser(desk.storage.read, idFrom(ctx.params['id']) ?? 0);
    if (user === undefined || user.deletedAt !== null) throw new NotFound('users.not-found');
    return user;
  }

  async function setBlocked(ctx: Context, isBlocked: boolean): Promise<void> {
    const { actor } = agent(ctx, 'customers.edit');
    const user = await customerOf(ctx);
    await editUser(desk, actor, user.id, { isActive: !isBlocked });
    setFlash(ctx, { kind: 'done', key: 'flash.saved' });
    see(ctx, `/desk/customers/${user.id}`);
  }

  return new Router()
    .get('/desk/customers', showList)
    .get('/desk/customers/new', (ctx) => showNew(ctx, { name: '', email: ctx.URL.searchParams.get('email') ?? '' }))
    .post('/desk/customers', async (ctx) => {
      const { actor } = agent(ctx, 'customers.edit');
      const form = await readForm(desk, ctx);
      const values = { name: form.text('name'), email: form.text('email') };
      try {
        const user = await createUser(desk, actor, values);
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, `/desk/customers/${user.id}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await showNew(ctx, values, error);
      }
    })
    .get('/desk/customers/:id', (ctx) => showCustomer(ctx))
    .post('/desk/customers/:id', async (ctx) => {
      const { actor } = agent(ctx, 'customers.edit');
      const user = await customerOf(ctx);
      const form = await readForm(desk, ctx);
      try {
        await editUser(desk, actor, user.id, {
          name: form.text('name'),
          organizationId: idFrom(form.text('organization')) ?? null,
          locale: desk.locales().find((one) => one === form.text('locale')) ?? null,
          notes: form.text('note'),
        });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, `/desk/customers/${user.id}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await showCustomer(ctx, form, error);
      }
    })
    .post('/desk/customers/:id/emails', (ctx) =>
      changeEmails(ctx, (actor, user, form) => addEmail(desk, actor, user.id, form.text('email'))),
    )
    .post('/desk/customers/:id/emails/primary', (ctx) =>
      changeEmails(ctx, (actor, user, form) => makePrimary(desk, actor, user.id, idFrom(form.text('primary')) ?? 0)),
    )
    .post('/desk/customers/:id/block', (ctx) => setBlocked(ctx, true))
    .post('/desk/customers/:id/unblock', (ctx) => setBlocked(ctx, false))
    .middleware();

  async function changeEmails(ctx: Context, change: (actor: UserActor, user: User, form: Form) => Promise<void>): Promise<void> {
    const { actor } = agent(ctx, 'customers.edit');
    const user = await customerOf(ctx);
    const form = await readForm(desk, ctx);
    try {
      await change(actor, user, form);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, `/desk/customers/${user.id}`);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      await showCustomer(ctx, undefined, error);
    }
  }
}

function troubleOf(state: AddressState | undefined): Sentence | undefined {
  if (state === undefined) return undefined;
  if (state.complainedAt !== null) return { key: 'customers.address.complained' };
  return { key: 'customers.address.bounced', params: { code: state.code ?? '' } };
}
