import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { endSafeSession, startSafeSession } from '../http/safe-session.ts';
import { AppError, Conflict, NotFound } from '../kernel/errors.ts';
import type { PluginStatus } from '../kernel/plugin-host-ports.ts';
import { costsOf, type PluginCost } from '../kernel/plugin-records.ts';
import { dependentsOf } from '../kernel/resolve.ts';
import { safeHtml } from '../kernel/templates.ts';
import { cleanHtml, markdownToHtml } from '../html/index.ts';
import { pluginSight } from '../plugin-sight.ts';
import { requireConfirmed } from '../auth/index.ts';
import { sizeOfTables, tablesOfPlugin, textOfPlugin, titleOfPermission, titleOfPlugin } from '../plugins/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { pluginRemovalRoutes } from './plugin-removal-routes.ts';
import { useOf } from './plugin-use.ts';
import { costView, faultViews, registrationsOf, summaryOf } from './plugin-views.ts';
import type { PluginPageView, PluginRowView, PluginState } from './system-views.ts';

/** The list of plugins, one plugin's page, and switching them on and off. */
export function pluginRoutes(app: App): Middleware {
  const { desk, plugins } = app;
  const isPinned = desk.config.pinnedPlugins !== undefined;

  function rowOf(status: PluginStatus, locale: string, cost?: PluginCost): PluginRowView {
    const { id, found, row } = status;
    const state = stateOf(status);
    const settingsUrl = desk.settings.owners().includes(id) ? `/admin/settings?page=${id}` : undefined;
    return {
      id,
      name: found === undefined ? id : titleOfPlugin(found, locale),
      description: found === undefined ? '' : (textOfPlugin(found, locale, `${id}.plugin.description`) ?? descriptionOf(found.folder)),
      version: found?.version ?? row?.version ?? '',
      state,
      problem: problemOf(status, state),
      bundled: found !== undefined && !found.folder.startsWith(desk.config.data),
      settingsUrl,
      mayToggle: !isPinned && !desk.config.isSafe && found !== undefined,
      ...(cost !== undefined && { cost: summaryOf(cost) }),
    };
  }

  // What is left of a plugin that is gone says how much it is.
  async function withSize(status: PluginStatus, row: PluginRowView, ctx: Context): Promise<PluginRowView> {
    if (row.state !== 'leftover') return row;
    const bytes = await sizeOfTables(app, await tablesOfPlugin(app, status));
    return bytes === undefined ? row : { ...row, description: ctx.state.translator.bytes(bytes) };
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
    const tables = await tablesOfPlugin(app, status);
    const readme = found === undefined ? undefined : path.join(found.folder, 'README.md');
    const view: PluginPageView = {
      plugin: rowOf(status, ctx.state.locale),
      ...(readme !== undefined && existsSync(readme)
        ? { readme: safeHtml(cleanHtml(await markdownToHtml(readFileSync(readme, 'utf8').slice(0, 20_000)))) }
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
      uses: (found?.manifest.uses ?? []).map(useOf),
      hooks: desk.hooks.inspect().flatMap(({ name, kind, handlers }) => {
        const mine = handlers.filter((one) => one.plugin === id);
        return mine.length === 0 ? [] : [{ name, kind, skipped: mine.some(({ isSkipped }) => isSkipped) }];
      }),
      registrations: registrationsOf(app, id),
      permissions: (found?.manifest.permissions ?? []).map(({ title }) =>
        found === undefined ? title : titleOfPermission(found, ctx.state.locale, title),
      ),
      cost: costView(sight.cost),
      faults: faultViews(sight, desk.storage.dialect),
      tables: sight.tables,
      jobs: sight.jobs,
      consequences: [],
      dataBytes: await sizeOfTables(app, tables),
      mayUninstall: !isPinned && found?.folder.startsWith(desk.config.data) === true && status.row?.isDesired !== true,
      origin: status.row?.source == null ? undefined : { source: status.row.source, sha256: status.row.sha256 ?? '' },
      ...(!isPinned && !status.isRunning && status.row?.isDesired !== true && (tables.length > 0 || status.row?.preparedVersion != null)
        ? { deletion: { confirm: id, error: confirmError } }
        : {}),
    };
    await renderAdmin(app, ctx, { template: 'admin/plugin', title: { key: 'admin.plugins' }, view });
  }

  async function toggle(ctx: Context, isOn: boolean): Promise<void> {
    const actor = administrator(ctx, 'plugins.manage');
    if (isPinned) throw new Conflict('plugins.pinned');
    requireConfirmed(desk, ctx.state.session, '/admin/plugins');
    const id = ctx.params['id'] ?? '';
    const found = (await plugins.list()).find((one) => one.id === id)?.found;
    const name = found === undefined ? id : titleOfPlugin(found, ctx.state.locale);
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

  const removal = pluginRemovalRoutes(app, showPlugin);
  const own = new Router()
    .get('/admin/plugins', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      const query = ctx.URL.searchParams.get('q') ?? '';
      const filter = (['on', 'off', 'attention'] as const).find((one) => one === ctx.URL.searchParams.get('filter')) ?? 'all';
      await app.records.flush();
      const costs = await costsOf(desk.storage.read);
      const all = await plugins.list();
      const rows = await Promise.all(all.map((one) => withSize(one, rowOf(one, ctx.state.locale, costs.get(one.id)), ctx)));
      const needsAttention = ({ state }: PluginRowView): boolean => state !== 'on' && state !== 'off' && state !== 'leftover';
      const belongs = (row: PluginRowView): boolean =>
        filter === 'all' || (filter === 'attention' ? needsAttention(row) : row.state === filter);
      await renderAdmin(app, ctx, {
        template: 'admin/plugins',
        title: { key: 'admin.plugins' },
        view: {
          query,
          filter,
          pinned: isPinned,
          mayInstall: !isPinned && desk.config.browserInstall,
          restart: rows.some(({ state }) => state === 'upgrading') ? { byItself: app.isSupervised } : undefined,
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
    .middleware();
  return (ctx, next) => removal(ctx, () => own(ctx, next));
}

function stateOf({ found, row, isRunning, blocked }: PluginStatus): PluginState {
  if (found === undefined) return row?.isDesired === true ? 'missing' : 'leftover';
  if (row?.state === 'quarantined' || row?.state === 'upgrading') return row.state;
  if (isRunning) return 'on';
  if (blocked?.reason === 'api') return 'incompatible';
  return row?.isDesired === true ? 'failed' : 'off';
}

function problemOf({ blocked, row }: PluginStatus, state: PluginState): string | undefined {
  if (blocked !== undefined) return blocked.message;
  if (row?.lastError != null && (state === 'failed' || state === 'quarantined')) return row.lastError;
  return row?.rejectedVersion == null ? undefined : `${row.rejectedVersion}: ${row.rejection ?? ''}`;
}

function descriptionOf(folder: string): string {
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
