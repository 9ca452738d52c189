import type { App } from '../app.ts';
import { createApiToken, invite, listApiTokens, revokeApiToken, scopeName, scopeOptions } from '../auth/index.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import type { FieldView } from '../ui/types.ts';
import {
  corePermissions,
  createUser,
  editUser,
  emailsOf,
  findOrganization,
  findRole,
  findUser,
  findUsers,
  listOrganizations,
  listRoles,
  listUsers,
  saveOrganization,
  saveRole,
  type User,
} from '../users/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { titleOfPermission } from '../plugins/index.ts';
import { roleName } from './role-name.ts';
import type { RoleFormView } from './views.ts';

const perPage = 50;

/** Agents, customers, organizations, roles and everybody's API tokens. */
export function peopleRoutes(app: App): Middleware {
  const { desk } = app;
  const router = new Router();

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

  async function showOrganization(
    ctx: Context,
    values: { name: string; domains: string; notes: string },
    id: number | undefined,
    more: { version?: number | undefined; error?: unknown } = {},
  ): Promise<void> {
    const fields: readonly FieldView[] = [
      { name: 'name', type: 'text', label: { key: 'auth.name' }, value: values.name, required: true },
      {
        name: 'domains',
        type: 'text',
        label: { key: 'admin.organization.domains' },
        help: { key: 'admin.organization.domains.help' },
        value: values.domains,
      },
      { name: 'notes', type: 'textarea', rows: 4, label: { key: 'admin.organization.notes' }, value: values.notes },
    ];
    await renderAdmin(app, ctx, {
      template: 'admin/form',
      title: { key: 'admin.organizations' },
      view: {
        title: id === undefined ? { key: 'admin.organization.add' } : { key: 'admin.person.title', params: { name: values.name } },
        back: { href: '/admin/organizations', label: { key: 'admin.organizations' } },
        action: id === undefined ? '/admin/organizations' : `/admin/organizations/${id}`,
        submit: { key: 'ui.save' },
        version: more.version,
        fields,
      },
      error: more.error,
    });
  }

  async function saveOrganizationForm(ctx: Context, id?: number): Promise<void> {
    const actor = administrator(ctx, 'people.manage');
    const form = await readForm(desk, ctx);
    const values = { name: form.text('name'), domains: form.text('domains'), notes: form.text('notes') };
    try {
      await saveOrganization(
        desk,
        actor,
        { name: values.name, domains: values.domains.split(/[,\s]+/), notes: values.notes, version: versionOf(form) },
        id,
      );
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/organizations');
    } catch (error) {
      await showOrganization(ctx, values, id, { version: versionOf(form), error });
    }
  }

  async function showRole(ctx: Context, key: string | undefined, form?: Form, error?: unknown): Promise<void> {
    const role = key === undefined ? undefined : await findRole(desk.storage.read, key);
    if (key !== undefined && role === undefined) throw new NotFound('roles.not-found', { key });
    const granted = new Set(form?.all('permission') ?? role?.permissions ?? []);
    const ofPlugins = app.plugins.snapshot.plugins.flatMap((plugin) =>
      (plugin.manifest.permissions ?? []).map(({ key: name, title }) => ({
        pluginId: plugin.id,
        key: name,
        title: titleOfPermission(plugin, ctx.state.locale, title),
      })),
    );
    const view: RoleFormView = {
      key,
      ...(role === undefined ? {} : { heading: roleName(ctx.state.translator, role) }),
      name: form?.text('name') ?? role?.name ?? '',
      description: '',
      builtIn: role?.isBuiltin ?? false,
      locked: key === 'admin',
      action: key === undefined ? '/admin/roles' : `/admin/roles/${key}`,
      groups: [
        {
          title: { key: 'admin.permissions' },
          permissions: (role?.kind === 'customer' ? ['organization.tickets'] : [...corePermissions]).map((one) => ({
            key: one,
            label: { key: `permission.${one}` },
            granted: granted.has(one) || granted.has('*'),
          })),
        },
        ...ofPlugins.map((one) => ({
          title: { key: 'admin.plugins' },
          pluginId: one.pluginId,
          permissions: [{ key: one.key, label: { key: '', text: one.title }, granted: granted.has(one.key) || granted.has('*') }],
        })),
      ],
    };
    await renderAdmin(app, ctx, { template: 'admin/role', title: { key: 'admin.roles' }, view, error });
  }

  async function saveRoleForm(ctx: Context, key?: string): Promise<void> {
    const actor = administrator(ctx, 'people.manage');
    const form = await readForm(desk, ctx);
    try {
      // What the form does not show, such as a permission of a plugin that is off, stays as it is.
      const shown = new Set<string>([
        ...corePermissions,
        ...app.plugins.snapshot.plugins.flatMap(({ manifest }) => manifest.permissions?.map((one) => one.key) ?? []),
      ]);
      const held = key === undefined ? [] : ((await findRole(desk.storage.read, key))?.permissions ?? []);
      const hidden = held.filter((one) => !shown.has(one) && one !== 'organization.tickets');
      await saveRole(desk, actor, { name: form.text('name'), permissions: [...form.all('permission'), ...hidden] }, key);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/roles');
    } catch (error) {
      await showRole(ctx, key, form, error);
    }
  }

  async function showTokens(ctx: Context, fresh?: { name: string; token: string }, error?: unknown): Promise<void> {
    const tokens = await listApiTokens(desk);
    const owners = await findUsers(
      desk.storage.read,
      tokens.map(({ userId }) => userId),
    );
    await renderAdmin(app, ctx, {
      template: 'admin/tokens',
      title: { key: 'admin.tokens' },
      view: {
        tokens: tokens.map((token) => ({
          id: String(token.id),
          name: token.name,
          owner: { id: String(token.userId), name: owners.get(token.userId)?.name ?? '' },
          scopes: token.scopes.map((scope) => scopeName(ctx.state.translator, scope)),
          lastUsedAt: token.lastUsedAt ?? undefined,
          createdAt: token.createdAt,
        })),
        scopes: scopeOptions(ctx.state.translator),
        ...(fresh === undefined ? {} : { fresh }),
        action: '/admin/tokens',
      },
      error,
    });
  }

  router
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
    .get('/admin/organizations', async (ctx) => {
      administrator(ctx, 'people.manage');
      const query = ctx.URL.searchParams.get('q') ?? '';
      const after = Number(ctx.URL.searchParams.get('after')) || undefined;
      const found = await listOrganizations(desk.storage.read, { query, limit: perPage + 1, ...(after === undefined ? {} : { after }) });
      const organizations = found.slice(0, perPage);
      const sizes = await organizationSizes(
        app,
        organizations.map(({ id }) => id),
      );
      await renderAdmin(app, ctx, {
        template: 'admin/organizations',
        title: { key: 'admin.organizations' },
        view: {
          query,
          organizations: organizations.map(({ id, name, domains }) => ({
            id: String(id),
            name,
            domains,
            people: sizes.get(id) ?? 0,
            href: `/admin/organizations/${id}`,
          })),
          paging:
            found.length > perPage ? { olderUrl: `${ctx.path}?q=${encodeURIComponent(query)}&after=${organizations.at(-1)?.id ?? 0}` } : {},
        },
      });
    })
    .get('/admin/organizations/new', async (ctx) => {
      administrator(ctx, 'people.manage');
      await showOrganization(ctx, { name: '', domains: '', notes: '' }, undefined);
    })
    .post('/admin/organizations', (ctx) => saveOrganizationForm(ctx))
    .get('/admin/organizations/:id', async (ctx) => {
      administrator(ctx, 'people.manage');
      const organization = await findOrganization(desk.storage.read, Number(ctx.params['id']) || 0);
      if (organization === undefined) throw new NotFound('organizations.not-found');
      await showOrganization(
        ctx,
        { name: organization.name, domains: organization.domains.join(', '), notes: organization.notes ?? '' },
        organization.id,
        { version: organization.version },
      );
    })
    .post('/admin/organizations/:id', (ctx) => saveOrganizationForm(ctx, Number(ctx.params['id']) || 0))
    .get('/admin/roles', async (ctx) => {
      administrator(ctx, 'people.manage');
      const roles = await listRoles(desk.storage.read);
      const counts: { role_id: number; n: number }[] = await desk.storage
        .read('users')
        .whereNull('deleted_at')
        .groupBy('role_id')
        .select('role_id')
        .count({ n: '*' });
      await renderAdmin(app, ctx, {
        template: 'admin/roles',
        title: { key: 'admin.roles' },
        view: {
          roles: roles.map(({ id, key, name, isBuiltin }) => ({
            key,
            name: roleName(ctx.state.translator, { key, name }),
            people: Number(counts.find((one) => one.role_id === id)?.n ?? 0),
            builtIn: isBuiltin,
            href: `/admin/roles/${key}`,
          })),
        },
      });
    })
    .get('/admin/roles/new', async (ctx) => {
      administrator(ctx, 'people.manage');
      await showRole(ctx, undefined);
    })
    .post('/admin/roles', (ctx) => saveRoleForm(ctx))
    .get('/admin/roles/:key', async (ctx) => {
      administrator(ctx, 'people.manage');
      await showRole(ctx, ctx.params['key']);
    })
    .post('/admin/roles/:key', (ctx) => saveRoleForm(ctx, ctx.params['key']))
    .get('/admin/tokens', async (ctx) => {
      administrator(ctx, 'people.manage');
      await showTokens(ctx);
    })
    .post('/admin/tokens', async (ctx) => {
      const actor = administrator(ctx, 'people.manage');
      const form = await readForm(desk, ctx);
      try {
        const { token } = await createApiToken(desk, actor, {
          userId: actor.userId,
          name: form.text('name'),
          scopes: form.all('scope').length > 0 ? form.all('scope') : ['*'],
        });
        await showTokens(ctx, { name: form.text('name'), token });
      } catch (error) {
        await showTokens(ctx, undefined, error);
      }
    })
    .post('/admin/tokens/:id/revoke', async (ctx) => {
      await revokeApiToken(desk, administrator(ctx, 'people.manage'), Number(ctx.params['id']) || 0);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/tokens');
    });
  return router.middleware();
}

async function personOf({ desk }: App, ctx: Context): Promise<User> {
  const user = await findUser(desk.storage.read, Number(ctx.params['id']) || 0);
  if (user === undefined) throw new NotFound('users.not-found');
  return user;
}

async function organizationSizes({ desk }: App, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (ids.length === 0) return new Map();
  const rows: { organization_id: number; n: number }[] = await desk.storage
    .read('users')
    .whereIn('organization_id', ids)
    .whereNull('deleted_at')
    .groupBy('organization_id')
    .select('organization_id')
    .count({ n: '*' });
  return new Map(rows.map((row) => [row.organization_id, Number(row.n)]));
}

function versionOf(form: Form): number | undefined {
  return form.optional('version') === undefined ? undefined : Number(form.text('version'));
}
