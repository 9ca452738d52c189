import type { App } from '../app.ts';
import { requireConfirmed } from '../auth/index.ts';
import { findFiles, type FileRecord } from '../files/index.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { AppError, Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { sentenceOf } from '../kernel/sentence.ts';
import { installInDesk, requireChangeable, simulateInstall, titleOfPermission, titleOfPlugin } from '../plugins/index.ts';
import type { UserActor } from '../users/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import type { PluginInstallView } from './system-views.ts';
import { useOf } from './plugin-use.ts';

const installPath = '/admin/plugins/install';

/** Installing in the browser: upload, what it would do, then install or discard. */
export function pluginInstallRoutes(app: App): Middleware {
  const { desk } = app;

  // Code that is installed here does whatever this desk can do, so an open browser alone is not enough.
  function installer(ctx: Context): UserActor {
    const actor = administrator(ctx, 'plugins.manage');
    if (!desk.config.browserInstall) throw new Forbidden('plugins.install-off');
    requireChangeable(app, actor);
    requireConfirmed(desk, ctx.state.session, installPath);
    return actor;
  }

  async function uploadOf(ctx: Context, actor: UserActor): Promise<FileRecord> {
    const [file] = await findFiles(desk.storage.read, [Number(ctx.params['file'] ?? 0) || 0]);
    if (file === undefined || file.createdBy !== actor.userId) throw new NotFound('plugins.no-upload');
    return file;
  }

  async function show(ctx: Context, view: PluginInstallView, error?: unknown): Promise<void> {
    await renderAdmin(app, ctx, { template: 'admin/plugin-install', title: { key: 'plugin.install.title' }, view, error });
  }

  async function showSimulation(ctx: Context): Promise<void> {
    const file = await uploadOf(ctx, installer(ctx));
    const simulated = await simulateInstall(app, await desk.files.read(file.sha256));
    const { plugin, facts } = simulated;
    const manifest = plugin?.manifest;
    const list = (key: string, items: readonly string[] | undefined) => ({ key, items: items ?? [] });
    await show(ctx, {
      source: file.name,
      sha256: simulated.sha256,
      bytes: simulated.bytes,
      packedBytes: simulated.packedBytes,
      name: plugin === undefined ? file.name : titleOfPlugin(plugin, ctx.state.locale),
      version: plugin?.version,
      replaces: simulated.replaces,
      problems: simulated.problems,
      uses: (manifest?.uses ?? []).map(useOf),
      lists: [
        list('tables', facts?.tables),
        list('migrations', simulated.pendingMigrations),
        list(
          'routes',
          facts?.routes.map(({ method, path, permission }) => `${method} ${path}${permission === undefined ? '' : ` (${permission})`}`),
        ),
        list('hooks', facts?.hooks),
        list('slots', facts?.slots),
        list('jobs', facts?.jobs),
        list('services', facts?.services),
        list('commands', facts?.commands),
        list('settings', facts?.settings),
        list(
          'permissions',
          manifest?.permissions?.map(({ key, title }) =>
            plugin === undefined ? key : `${titleOfPermission(plugin, ctx.state.locale, title)} (${key})`,
          ),
        ),
        list('overrides', manifest?.overrides),
        list(
          'requires',
          Object.entries(manifest?.requires ?? {}).map(([id, range]) => `${id} ${range}`),
        ),
      ].filter(({ items }) => items.length > 0),
      action: `${installPath}/${file.id}`,
      mayInstall: plugin !== undefined && simulated.problems.length === 0,
    });
  }

  return new Router()
    .get(installPath, async (ctx) => {
      installer(ctx);
      await show(ctx, {});
    })
    .post(installPath, async (ctx) => {
      installer(ctx);
      const form = await readForm(desk, ctx);
      const [file] = form.files;
      if (file === undefined) return show(ctx, {}, new Invalid('plugins.no-archive', { fields: ['archive'] }));
      see(ctx, `${installPath}/${file.id}`);
    })
    .get(`${installPath}/:file`, (ctx) => showSimulation(ctx))
    .post(`${installPath}/:file`, async (ctx) => {
      const actor = installer(ctx);
      const file = await uploadOf(ctx, actor);
      const form = await readForm(desk, ctx);
      if (form.text('sha256') !== file.sha256) throw new Conflict('plugins.other-archive');
      try {
        const { id, version, replaced } = await installInDesk(app, actor, await desk.files.read(file.sha256), file.name);
        setFlash(ctx, {
          kind: 'done',
          key: replaced === undefined ? 'flash.plugin-installed' : 'flash.plugin-upgraded',
          params: { id, version, replaced: replaced ?? '' },
        });
        await forget(file);
        see(ctx, `/admin/plugins/${id}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        setFlash(ctx, { kind: 'problem', key: 'flash.plugin-not-installed', params: { message: sentenceOf(error) } });
        see(ctx, `${installPath}/${file.id}`);
      }
    })
    .post(`${installPath}/:file/discard`, async (ctx) => {
      await forget(await uploadOf(ctx, installer(ctx)));
      see(ctx, '/admin/plugins');
    })
    .middleware();

  // The sweep removes the bytes once no row names them.
  async function forget({ id }: FileRecord): Promise<void> {
    await desk.storage.writeTx(async (tx) => void (await tx('files').where({ id }).delete()));
  }
}
