import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { endSafeSession, startSafeSession } from '../http/safe-session.ts';
import { AppError, Conflict, Invalid, NotFound } from '../kernel/errors.ts';
import type { PluginStatus } from '../kernel/plugin-host.ts';
import { costsOf, type PluginCost } from '../kernel/plugin-records.ts';
import { dependentsOf } from '../kernel/resolve.ts';
import { safeHtml } from '../kernel/templates.ts';
import { cleanHtml, textToHtml } from '../html/index.ts';
import { pluginSight } from '../plugin-sight.ts';
import { dropTables } from '../storage/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { costView, faultViews, registrationsOf, summaryOf } from './plugin-views.ts';
import type { PluginPageView, PluginRowView, PluginState } from './system-views.ts';

/** The list of plugins, one plugin's page, and switching them on and off. */
export function pluginRoutes(app: App): Middleware {
  const { desk, plugins } = app;
  const isPinned = desk.config.pinnedPlugins !== undefined;

  function rowOf(status: PluginStatus, cost?: PluginCost): PluginRowView {
    const { id, found, row } = status;
    const state = stateOf(status);
    const settingsUrl = desk.settings.owners().includes(id) ? `/admin/settings?page=${id}` : undefined;
    return {
      id,
      name: found?.manifest.title ?? id,
      description: descriptionOf(found?.folder),
      version: found?.version ?? row?.version ?? '',
      state,
      problem: status.blocked?.message ?? (state === 'failed' || state === 'quarantined' ? (row?.lastError ?? undefined) : undefined),
      bundled: found !== undefined && !found.folder.startsWith(desk.config.data),
      settingsUrl,
      mayToggle: !isPinned && !desk.config.isSafe && found !== undefined,
      ...(cost !== undefined && { cost: summaryOf(cost) }),
    };
  }

  async function showPlugin(ctx: Context, confirmError?: { key: string }): Promise<void> {
    administrator(ctx, 'plugins.manage');
    const all = await plugins.list();
    const status = all.find(({ id }) => id === ctx.params['id']);
    if (status === undefined) throw new NotFound('plugins.not-found', { id: ctx.params['id'] });
    const { id, found } = status;
    const manifests = all.flatMap((one) => one.found ?? []);
    await app.records.flush();
    const sight = await pluginSight(app, id);
    const { tables } = sight;
    const readme = found === undefined ? undefined : path.join(found.folder, 'README.md');
    const view: PluginPageView = {
      plugin: rowOf(status),
      ...(readme !== undefined && existsSync(readme)
        ? { readme: safeHtml(cleanHtml(textToHtml(readFileSync(readme, 'utf8').slice(0, 20_000)))) }
        : {}),
      source: found === undefined ? '' : path.relative(desk.config.root, found.folder),
      checksum: found === undefined ? '' : checksumOf(found.folder),
      requires: Object.keys(found?.manifest.requires ?? {}).map((needed) => ({
        id: needed,
        met: all.some((one) => one.id === needed && one.isRunning),
      })),
      dependents: [
        ...dependentsOf(
          id,
          manifests,
          manifests.map((one) => one.id),
        ),
      ],
      uses: (found?.manifest.uses ?? []).map((use) =>
        use.startsWith('net:') ? { key: 'plugin.use.net', params: { host: use.slice(4) } } : { key: `plugin.use.${use.replace(':', '-')}` },
      ),
      hooks: desk.hooks.inspect().flatMap(({ name, kind, handlers }) => {
        const mine = handlers.filter((one) => one.plugin === id);
        return mine.length === 0 ? [] : [{ name, kind, skipped: mine.some(({ isSkipped }) => isSkipped) }];
      }),
      registrations: registrationsOf(app, id),
      permissions: (found?.manifest.permissions ?? []).map(({ title }) => title),
      cost: costView(sight.cost),
      faults: faultViews(sight, desk.storage.dialect),
      tables,
      jobs: sight.jobs,
      consequences: [],
      ...(!status.isRunning && tables.length > 0 ? { deletion: { confirm: id, error: confirmError } } : {}),
    };
    await renderAdmin(app, ctx, { template: 'admin/plugin', title: { key: 'admin.plugins' }, view });
  }

  async function toggle(ctx: Context, isOn: boolean): Promise<void> {
    const actor = administrator(ctx, 'plugins.manage');
    if (isPinned) throw new Conflict('plugins.pinned');
    const id = ctx.params['id'] ?? '';
    const name = (await plugins.list()).find((one) => one.id === id)?.found?.manifest.title ?? id;
    try {
      await (isOn ? plugins.activate(id, { changedBy: actor.userId }) : plugins.deactivate(id, { changedBy: actor.userId }));
      setFlash(ctx, { kind: 'done', key: isOn ? 'flash.plugin-on' : 'flash.plugin-off', params: { name } });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const message = typeof error.details['message'] === 'string' ? error.details['message'] : error.code;
      setFlash(ctx, { kind: 'problem', key: `errors.${error.code}`, params: { message } });
    }
    see(ctx, '/admin/plugins');
  }

  return new Router()
    .get('/admin/plugins', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      const query = ctx.URL.searchParams.get('q') ?? '';
      const filter = (['on', 'off', 'attention'] as const).find((one) => one === ctx.URL.searchParams.get('filter')) ?? 'all';
      await app.records.flush();
      const costs = await costsOf(desk.storage.read);
      const rows = (await plugins.list()).map((status) => rowOf(status, costs.get(status.id)));
      const needsAttention = ({ state }: PluginRowView): boolean => state !== 'on' && state !== 'off';
      const belongs = (row: PluginRowView): boolean =>
        filter === 'all' || (filter === 'attention' ? needsAttention(row) : row.state === filter);
      await renderAdmin(app, ctx, {
        template: 'admin/plugins',
        title: { key: 'admin.plugins' },
        view: {
          query,
          filter,
          pinned: isPinned,
          safeMode: desk.config.isSafe,
          safeSession: ctx.state.skip !== undefined,
          plugins: rows.filter((row) => belongs(row) && `${row.id} ${row.name}`.toLowerCase().includes(query.toLowerCase())),
          counts: {
            all: rows.length,
            on: rows.filter(({ state }) => state === 'on').length,
            off: rows.filter(({ state }) => state === 'off').length,
            attention: rows.filter(needsAttention).length,
          },
        },
      });
    })
    .get('/admin/plugins/:id', (ctx) => showPlugin(ctx))
    .post('/admin/plugins/safe-session', async (ctx) => {
      const actor = administrator(ctx, 'plugins.manage');
      const form = await readForm(desk, ctx);
      const plugin = form.text('plugin');
      if (plugin === '') endSafeSession(ctx);
      else startSafeSession(desk, ctx, actor, plugin === 'all' ? 'all' : new Set([plugin]));
      see(ctx, '/admin/plugins');
    })
    .post('/admin/plugins/:id/activate', (ctx) => toggle(ctx, true))
    .post('/admin/plugins/:id/deactivate', (ctx) => toggle(ctx, false))
    .post('/admin/plugins/:id/delete-data', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      const id = ctx.params['id'] ?? '';
      const form = await readForm(desk, ctx);
      if (form.text('confirm') !== id) return showPlugin(ctx, { key: 'errors.plugins.confirm-wrong' });
      await deletePluginData(app, id);
      setFlash(ctx, { kind: 'done', key: 'flash.deleted' });
      see(ctx, `/admin/plugins/${id}`);
    })
    .middleware();
}

/**
 * Drops the tables of a plugin and everything stored for it; works without its code.
 *
 * @throws Conflict while it is switched on.
 */
export async function deletePluginData({ desk, plugins }: App, id: string): Promise<readonly string[]> {
  const status = (await plugins.list()).find((one) => one.id === id);
  if (status === undefined) throw new NotFound('plugins.not-found', { id });
  if (status.isRunning || status.row?.isDesired === true) throw new Conflict('plugins.still-on', { id });
  const slug = status.found?.manifest.db?.slug ?? status.row?.slug;
  if (id === 'core' || id === '') throw new Invalid('plugins.not-found', { id });
  const dropped = slug === undefined || slug === null ? [] : await dropTables(desk.storage, id, `p_${slug}_`);
  await desk.storage.writeTx(async (tx) => {
    for (const table of ['settings', 'secrets', 'search_documents'] as const) {
      if (table === 'search_documents' && desk.storage.dialect === 'sqlite')
        await tx.raw('delete from search_index where rowid in (select id from search_documents where owner = ?)', [id]);
      await tx(table).where({ owner: id }).delete();
    }
    for (const table of ['jobs', 'subscriptions', 'ticket_meta'] as const) await tx(table).where({ plugin: id }).delete();
  });
  return dropped;
}

function stateOf({ found, row, isRunning, blocked }: PluginStatus): PluginState {
  if (found === undefined) return 'missing';
  if (row?.state === 'quarantined' || row?.state === 'upgrading') return row.state;
  if (isRunning) return 'on';
  if (blocked?.reason === 'api') return 'incompatible';
  return row?.isDesired === true ? 'failed' : 'off';
}

function descriptionOf(folder: string | undefined): string {
  if (folder === undefined) return '';
  const file = path.join(folder, 'package.json');
  const manifest: { description?: string } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return manifest.description ?? '';
}

function checksumOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes('node_modules'),
  );
  for (const file of files.map((entry) => path.join(entry.parentPath, entry.name)).toSorted())
    hash.update(path.relative(folder, file)).update(readFileSync(file));
  return hash.digest('hex');
}
