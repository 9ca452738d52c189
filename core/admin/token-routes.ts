import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { createApiToken, listApiTokens, revokeApiToken, scopeName, scopeOptions } from '../auth/index.ts';
import { findUsers } from '../users/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';

/** Everybody's API tokens. */
export function tokenRoutes(app: App): Middleware {
  const { desk } = app;

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

  return new Router()
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
    })
    .middleware();
}
