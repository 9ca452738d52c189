import { Readable } from 'node:stream';
import type { App } from '../app.ts';
import { requireConfirmed } from '../auth/index.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { AppError, NotFound } from '../kernel/errors.ts';
import { sentenceOf } from '../kernel/sentence.ts';
import { deletePluginData, exportPluginData, uninstallFromDesk } from '../plugins/index.ts';
import type { UserActor } from '../users/index.ts';
import { administrator, see } from './admin-page.ts';

/** Taking plugins out again: their files, a copy of their data, their data, and the restart that new code needs. */
export function pluginRemovalRoutes(
  app: App,
  showPlugin: (ctx: Context, confirmError: { readonly key: string }) => Promise<void>,
): Middleware {
  const { desk } = app;

  function remover(ctx: Context): UserActor {
    const actor = administrator(ctx, 'plugins.manage');
    requireConfirmed(desk, ctx.state.session, `/admin/plugins/${ctx.params['id'] ?? ''}`);
    return actor;
  }

  async function orSay(ctx: Context, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      setFlash(ctx, { kind: 'problem', key: 'flash.plugin-problem', params: { message: sentenceOf(error) } });
      see(ctx, `/admin/plugins/${ctx.params['id'] ?? ''}`);
    }
  }

  return new Router()
    .post('/admin/plugins/restart', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      await app.restart();
      setFlash(ctx, { kind: 'done', key: app.isSupervised ? 'flash.restarting' : 'flash.restart-by-hand' });
      see(ctx, '/admin/plugins');
    })
    .post('/admin/plugins/:id/uninstall', async (ctx) => {
      const actor = remover(ctx);
      const id = ctx.params['id'] ?? '';
      await orSay(ctx, async () => {
        await uninstallFromDesk(app, actor, id);
        setFlash(ctx, { kind: 'done', key: 'flash.plugin-uninstalled', params: { id } });
        see(ctx, '/admin/plugins');
      });
    })
    .get('/admin/plugins/:id/export/:name', async (ctx) => {
      remover(ctx);
      const name = (ctx.params['name'] ?? '').replace(/\.jsonl$/, '');
      const table = (await exportPluginData(app, ctx.params['id'] ?? '')).find((one) => one.name === name);
      if (table === undefined) throw new NotFound('plugins.no-table', { table: name });
      ctx.type = 'application/x-ndjson';
      ctx.attachment(`${name}.jsonl`);
      ctx.body = Readable.from(withNewlines(table.rows()));
    })
    .post('/admin/plugins/:id/delete-data', async (ctx) => {
      const actor = remover(ctx);
      const id = ctx.params['id'] ?? '';
      const form = await readForm(desk, ctx);
      if (form.text('confirm') !== id) return showPlugin(ctx, { key: 'errors.plugins.confirm-wrong' });
      await orSay(ctx, async () => {
        await deletePluginData(app, actor, id);
        setFlash(ctx, { kind: 'done', key: 'flash.deleted' });
        see(ctx, '/admin/plugins');
      });
    })
    .middleware();
}

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
