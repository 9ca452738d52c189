import type { App } from '../app.ts';
import { invite } from '../auth/index.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import type { FieldView } from '../ui/types.ts';
import { createUser, editUser, emailsOf, findUser, listOrganizations, listRoles, listUsers, type User } from '../users/index.ts';
import { administrator, renderAdmin, see, versionOf } from './admin-page.ts';
import { roleName } from './role-name.ts';

const perPage = 50;

/** Agents and customers: the lists, one person, and inviting. */
export function peopleRoutes(app: App): Middleware {
  const { desk } = app;

  async function showPeople(ctx: Context, kind: 'agent' | 'customer'): Promise<void> {
    administrator(ctx, 'people.manage');
    const query = ctx.URL.searchParams.get('q') ?? '';
    const after = Number(ctx.URL.searchParams.get('after')) || undefined;
    const found = await listUsers(desk.storage.read, { kind, query, limit: perPage + 1, ...(after === undefined ? {} : { after }) });
    const people = found.slice(0, perPage);
    const organizations = await listOrganizations(desk.storage.read, { limit: 500 });
    await renderAdmin(app, ctx, {
      template: 'admin/people',
      title: { key: 'admin.people' },
      view: {
        kind: kind === 'agent' ? 'agents' : 'customers',
        query,
        people: people.map((user) => ({
          id: String(user.id),
          name: user.name,
          email: user.email ?? '',
          href: `/admin/people/${user.id}`,
          role: kind === 'agent' ? roleName(ctx.state.translator, user.role) : undefined,
          organization: organizations.find((one) => one.id === user.organizationId)?.name,
          state: !user.isActive ? 'disabled' : kind === 'agent' && !user.hasPassword ? 'invited' : 'active',
          lastSeenAt: user.lastSeenAt ?? undefined,
        })),
        paging: found.length > perPage ? { olderUrl: `${ctx.path}?q=${encodeURIComponent(query)}&after=${people.at(-1)?.id ?? 0}` } : {},
      },
    });
  }

  async function showInvite(
    ctx: Context,
    values: { name: string; email: string },
    more: { link?: string; error?: unknown } = {},
  ): Promise<void> {
    const roles = (await listRoles(desk.storage.read)).filter(({ kind }) => kind === 'agent');
    await renderAdmin(app, ctx, {
      template: 'admin/invite',
      title: { key: 'admin.agent.invite' },
      view: {
        values,
        roles: roles.map((role) => ({ value: role.key, label: roleName(ctx.state.translator, role), selected: role.key === 'agent' })),
        mailWorks: (await desk.mail.systemSender()) !== undefined,
        ...(more.link === undefined ? {} : { link: more.link }),
      },
      error: more.error,
    });
  }

  async function showPerson(ctx: Context, error?: unknown): Promise<void> {
    const actor = administrator(ctx, 'people.manage');
    const user = await personOf(app, ctx);
    const [roles, organizations, emails] = await Promise.all([
      listRoles(desk.storage.read),
      listOrganizations(desk.storage.read, { limit: 500 }),
      emailsOf(desk.storage.read, user.id),
    ]);
    const fields: readonly FieldView[] = [
      { name: 'name', type: 'text', label: { key: 'auth.name' }, value: user.name, required: true },
      { name: 'emails', type: 'text', label: { key: 'auth.email' }, value: emails.map(({ email }) => email).join(', '), disabled: true },
      {
        name: 'role',
        type: 'select',
        label: { key: 'admin.role' },
        options: roles.map((role) => ({
          value: role.key,
          label: roleName(ctx.state.translator, role),
          selected: role.key === user.role.key,
        })),
        disabled: user.id === actor.userId,
      },
      {
        name: 'organization',
        type: 'select',
        label: { key: 'ticket.side.organization' },
        options: [
          { value: '', label: '–', selected: user.organizationId === null },
          ...organizations.map(({ id, name }) => ({ value: String(id), label: name, selected: id === user.organizationId })),
        ],
      },
      {
        name: 'isActive',
        type: 'checkbox',
        label: { key: 'admin.person.may-sign-in' },
        value: user.isActive,
        disabled: user.id === actor.userId,
      },
    ];
    await renderAdmin(app, ctx, {
      template: 'admin/form',
      title: { key: 'admin.people' },
      view: {
        title: { key: 'admin.person.title', params: { name: user.name } },
        back: { href: user.role.kind === 'agent' ? '/admin/people' : '/admin/people/customers', label: { key: 'admin.people' } },
        action: `/admin/people/${user.id}`,
        submit: { key: 'ui.save' },
        version: user.version,
        fields,
      },
      error,
    });
  }

  return new Router()
    .get('/admin/people', (ctx) => showPeople(ctx, 'agent'))
    .get('/admin/people/customers', (ctx) => showPeople(ctx, 'customer'))
    .get('/admin/people/invite', async (ctx) => {
      administrator(ctx, 'people.manage');
      await showInvite(ctx, { name: '', email: '' });
    })
    .post('/admin/people/invite', async (ctx) => {
      const actor = administrator(ctx, 'people.manage');
      const form = await readForm(desk, ctx);
      const values = { name: form.text('name'), email: form.text('email') };
      try {
        const user = await createUser(desk, actor, { ...values, role: form.optional('role') ?? 'agent' });
        const mailWorks = (await desk.mail.systemSender()) !== undefined;
        const path = await invite(desk, user, { isMailed: mailWorks });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        if (mailWorks) see(ctx, '/admin/people');
        else await showInvite(ctx, { name: '', email: '' }, { link: new URL(path, desk.config.url).href });
      } catch (error) {
        await showInvite(ctx, values, { error });
      }
    })
    .get('/admin/people/:id', (ctx) => showPerson(ctx))
    .post('/admin/people/:id', async (ctx) => {
      const actor = administrator(ctx, 'people.manage');
      const user = await personOf(app, ctx);
      const form = await readForm(desk, ctx);
      const isOwn = user.id === actor.userId;
      try {
        await editUser(desk, actor, user.id, {
          name: form.text('name'),
          organizationId: Number(form.text('organization')) || null,
          ...(isOwn ? {} : { role: form.optional('role'), isActive: form.isChecked('isActive') }),
          version: versionOf(form),
        });
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, user.role.kind === 'agent' ? '/admin/people' : '/admin/people/customers');
      } catch (error) {
        await showPerson(ctx, error);
      }
    })
    .middleware();
}

async function personOf({ desk }: App, ctx: Context): Promise<User> {
  const user = await findUser(desk.storage.read, Number(ctx.params['id']) || 0);
  if (user === undefined) throw new NotFound('users.not-found');
  return user;
}
