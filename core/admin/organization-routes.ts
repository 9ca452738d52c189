import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import type { FieldView } from '../ui/types.ts';
import { findOrganization, listOrganizations, saveOrganization } from '../users/index.ts';
import { administrator, renderAdmin, see, versionOf } from './admin-page.ts';

const perPage = 50;

/** Organizations: the list, and the form of one. */
export function organizationRoutes(app: App): Middleware {
  const { desk } = app;

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

  return new Router()
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
    .middleware();
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
