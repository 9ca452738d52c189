import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { fold } from '../i18n/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { agentsFor, fieldOfSetting, settingOfForm, settingsTitle, type SettingSchema, type SettingsSchema } from '../settings/index.ts';
import type { FieldView } from '../ui/types.ts';
import { administrator, renderAdmin, requireConfirmedFor, see } from './admin-page.ts';
import { saveStatus } from './saving-status.ts';
import { renameTag } from './saving-tag.ts';

/** Settings, statuses and tags. */
export function settingsRoutes(app: App): Middleware {
  const { desk } = app;

  function pageOf(ctx: Context): string {
    const wanted = ctx.URL.searchParams.get('page') ?? 'site';
    if (!desk.settings.owners().includes(wanted)) throw new NotFound('settings.unknown-owner', { owner: wanted });
    return wanted;
  }

  async function showSettings(ctx: Context, owner: string, form?: Form, error?: unknown): Promise<void> {
    administrator(ctx, 'settings.manage');
    const values = await desk.settings.get(owner);
    const schema = desk.settings.schemaOf(owner);
    const agents = await agentsFor(desk, schema);
    const fields = await Promise.all(
      shownSettings(schema).map(async ([key, one]) =>
        fieldOfSetting({
          owner,
          key,
          schema: one,
          translator: ctx.state.translator,
          value: form === undefined ? values[key] : settingOfForm(form, key, one),
          isStored: one['x-secret'] === true && (await desk.settings.hasSecret(owner, key)),
          agents,
        }),
      ),
    );
    await renderAdmin(app, ctx, {
      template: 'admin/settings',
      title: { key: 'admin.settings' },
      view: {
        pages: desk.settings.owners().map((one) => ({
          href: pathOf(one),
          label: settingsTitle(ctx.state.translator, one),
          current: one === owner,
        })),
        query: '',
        title: settingsTitle(ctx.state.translator, owner),
        action: pathOf(owner),
        groups: [{ fields }],
      },
      error,
    });
  }

  async function showStatus(ctx: Context, key: string | undefined, error?: unknown): Promise<void> {
    administrator(ctx, 'settings.manage');
    const status = key === undefined ? undefined : (await desk.statuses.list()).find((one) => one.key === key);
    if (key !== undefined && status === undefined) throw new NotFound('tickets.unknown-status', { status: key });
    const names = desk.locales().flatMap((locale): readonly FieldView[] => {
      const language = new Intl.DisplayNames([ctx.state.locale], { type: 'language' }).of(locale) ?? locale;
      return [
        {
          name: `name.${locale}`,
          type: 'text',
          label: { key: 'admin.status.name', params: { language } },
          value: status?.names[locale] ?? '',
          required: true,
        },
        {
          name: `customer.${locale}`,
          type: 'text',
          label: { key: 'admin.status.customer-name', params: { language } },
          value: status?.customerNames[locale] ?? '',
          required: true,
        },
      ];
    });
    const category: FieldView = {
      name: 'category',
      type: 'select',
      label: { key: 'admin.status.category' },
      options: (['open', 'waiting', 'solved', 'closed'] as const).map((value) => ({
        value,
        label: ctx.state.translator.t(`category.${value}`),
        selected: value === status?.category,
      })),
      disabled: status !== undefined,
    };
    await renderAdmin(app, ctx, {
      template: 'admin/form',
      title: { key: 'admin.statuses' },
      view: {
        title:
          status === undefined
            ? { key: 'admin.status.add' }
            : { key: 'admin.person.title', params: { name: status.names[ctx.state.locale] ?? status.names['en'] ?? status.key } },
        back: { href: '/admin/statuses', label: { key: 'admin.statuses' } },
        action: key === undefined ? '/admin/statuses' : `/admin/statuses/${key}`,
        submit: { key: 'ui.save' },
        fields: [category, ...names],
      },
      error,
    });
  }

  async function saveStatusForm(ctx: Context, key?: string): Promise<void> {
    administrator(ctx, 'settings.manage');
    const form = await readForm(desk, ctx);
    try {
      const texts = (prefix: string): Record<string, string> =>
        Object.fromEntries(desk.locales().map((locale) => [locale, form.text(`${prefix}.${locale}`).trim()]));
      await saveStatus(desk, { category: form.text('category'), names: texts('name'), customerNames: texts('customer') }, key);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/statuses');
    } catch (error) {
      await showStatus(ctx, key, error);
    }
  }

  async function showTag(ctx: Context, name: string, error?: unknown): Promise<void> {
    administrator(ctx, 'settings.manage');
    await renderAdmin(app, ctx, {
      template: 'admin/form',
      title: { key: 'admin.tags' },
      view: {
        title: name === '' ? { key: 'admin.tag.add' } : { key: 'admin.person.title', params: { name } },
        back: { href: '/admin/tags', label: { key: 'admin.tags' } },
        action: `/admin/tags?name=${encodeURIComponent(name)}`,
        submit: { key: 'ui.save' },
        fields: [{ name: 'name', type: 'text', label: { key: 'auth.name' }, value: name, required: true } satisfies FieldView],
      },
      error,
    });
  }

  return new Router()
    .get('/admin/settings', async (ctx) => {
      const query = ctx.URL.searchParams.get('q') ?? '';
      if (query === '') return showSettings(ctx, pageOf(ctx));
      administrator(ctx, 'settings.manage');
      const { translator } = ctx.state;
      const hits = desk.settings.owners().flatMap((owner) =>
        shownSettings(desk.settings.schemaOf(owner))
          .map(([key, one]) => ({
            href: pathOf(owner),
            label: { key: one['x-label'] ?? `settings.${owner}.${key}` },
            page: settingsTitle(translator, owner),
          }))
          .filter(({ label }) => fold(translator.t(label.key)).includes(fold(query))),
      );
      await renderAdmin(app, ctx, {
        template: 'admin/settings',
        title: { key: 'admin.settings' },
        view: { pages: [], query, title: { key: 'admin.settings' }, action: '/admin/settings', groups: [], hits },
      });
    })
    .post('/admin/settings', async (ctx) => {
      administrator(ctx, 'settings.manage');
      const owner = pageOf(ctx);
      const form = await readForm(desk, ctx);
      try {
        requireConfirmedFor(app, ctx, [owner], pathOf(owner));
        const schema = desk.settings.schemaOf(owner);
        await desk.settings.set(owner, Object.fromEntries(shownSettings(schema).map(([key, one]) => [key, settingOfForm(form, key, one)])));
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, pathOf(owner));
      } catch (error) {
        await showSettings(ctx, owner, form, error);
      }
    })
    .get('/admin/statuses', async (ctx) => {
      administrator(ctx, 'settings.manage');
      const statuses = await desk.statuses.list();
      const { locale } = ctx.state;
      await renderAdmin(app, ctx, {
        template: 'admin/statuses',
        title: { key: 'admin.statuses' },
        view: {
          groups: (['open', 'waiting', 'solved', 'closed'] as const).map((category) => ({
            category,
            statuses: statuses
              .filter((one) => one.category === category)
              .map((one) => ({
                key: one.key,
                name: one.names[locale] ?? one.names['en'] ?? one.key,
                customerName: one.customerNames[locale] ?? one.customerNames['en'] ?? '',
                isDefault: one.isDefault,
                href: `/admin/statuses/${one.key}`,
              })),
          })),
        },
      });
    })
    .get('/admin/statuses/new', (ctx) => showStatus(ctx, undefined))
    .post('/admin/statuses', (ctx) => saveStatusForm(ctx))
    .get('/admin/statuses/:key', (ctx) => showStatus(ctx, ctx.params['key']))
    .post('/admin/statuses/:key', (ctx) => saveStatusForm(ctx, ctx.params['key']))
    .get('/admin/tags', async (ctx) => {
      administrator(ctx, 'settings.manage');
      const query = ctx.URL.searchParams.get('q') ?? '';
      const rows: { id: number; name: string }[] = await desk.storage
        .read('tags')
        .whereRaw('lower(name) like ?', [`%${query.toLowerCase()}%`])
        .orderBy('name')
        .limit(200);
      const counts: { tag_id: number; n: number }[] =
        rows.length === 0
          ? []
          : await desk.storage
              .read('ticket_tags')
              .whereIn(
                'tag_id',
                rows.map(({ id }) => id),
              )
              .groupBy('tag_id')
              .select('tag_id')
              .count({ n: '*' });
      const tags = rows.map(({ id, name }) => ({
        name,
        tickets: Number(counts.find((one) => one.tag_id === id)?.n ?? 0),
        href: `/admin/tags/edit?name=${encodeURIComponent(name)}`,
      }));
      await renderAdmin(app, ctx, { template: 'admin/tags', title: { key: 'admin.tags' }, view: { query, tags, paging: {} } });
    })
    .get('/admin/tags/new', (ctx) => showTag(ctx, ''))
    .get('/admin/tags/edit', (ctx) => showTag(ctx, ctx.URL.searchParams.get('name') ?? ''))
    .post('/admin/tags', async (ctx) => {
      administrator(ctx, 'settings.manage');
      const form = await readForm(desk, ctx);
      try {
        await renameTag(desk, ctx.URL.searchParams.get('name') ?? '', form.text('name'));
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, '/admin/tags');
      } catch (error) {
        await showTag(ctx, ctx.URL.searchParams.get('name') ?? '', error);
      }
    })
    .middleware();
}

function pathOf(owner: string): string {
  return `/admin/settings?page=${owner}`;
}

function shownSettings(schema: SettingsSchema): readonly (readonly [string, SettingSchema])[] {
  return Object.entries(schema).filter(([, one]) => one['x-hidden'] !== true && (one['x-scope'] ?? 'site') === 'site');
}
