import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import { titleOfPermission } from '../plugins/index.ts';
import { corePermissions, findRole, listRoles, saveRole } from '../users/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { roleName } from './role-name.ts';
import type { RoleFormView } from './views.ts';

/** Roles: the list, and which permissions one has. */
export function roleRoutes(app: App): Middleware {
  const { desk } = app;

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

  return new Router()
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
    .middleware();
}
