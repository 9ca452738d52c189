import type { App } from '../app.ts';
import { requireConfirmed } from '../auth/index.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, idFrom, renderDesk, see } from '../inbox/index.ts';
import { AppError, Invalid } from '../kernel/errors.ts';
import { writeArchive } from '../operations/index.ts';
import type { UserActor } from '../users/index.ts';
import { silentPlugins, subjectOf, type Asked } from './asking.ts';
import { erasePerson } from './erasing.ts';
import { exportPerson } from './exporting.ts';
import type { PrivacyView } from './views.ts';

/** A customer's data: to hand out, and to erase. */
export function privacyRoutes(app: App): Middleware {
  const { desk } = app;

  async function about(ctx: Context): Promise<Asked & { readonly actor: UserActor }> {
    const { actor } = agent(ctx, 'customers.privacy');
    const userId = idFrom(ctx.params['id']) ?? 0;
    requireConfirmed(desk, ctx.state.session, `/desk/customers/${userId}/privacy`);
    return { actor, ...(await subjectOf(app, actor, userId)) };
  }

  async function show(ctx: Context, error?: unknown): Promise<void> {
    const { user } = await about(ctx);
    const view: PrivacyView = {
      customer: { id: String(user.id), name: user.name, email: user.email ?? '' },
      confirm: user.email ?? user.name,
      silent: await silentPlugins(app),
    };
    await renderDesk(app, ctx, { template: 'privacy/customer', title: user.name, view, place: 'customers', error });
  }

  return new Router()
    .get('/desk/customers/:id/privacy', (ctx) => show(ctx))
    .get('/desk/customers/:id/privacy/export', async (ctx) => {
      const { actor, user } = await about(ctx);
      const files = await exportPerson(app, actor, user.id);
      ctx.type = 'application/gzip';
      ctx.attachment(`customer-${user.id}.tgz`);
      ctx.body = writeArchive(files, `customer-${user.id}`);
    })
    .post('/desk/customers/:id/privacy/erasure', async (ctx) => {
      const { actor, user } = await about(ctx);
      const form = await readForm(desk, ctx);
      try {
        if (form.text('confirm').trim() !== (user.email ?? user.name)) throw new Invalid('privacy.confirm-wrong', { fields: ['confirm'] });
        await erasePerson(app, actor, user.id);
        setFlash(ctx, { kind: 'done', key: 'flash.person-erased' });
        see(ctx, '/desk/customers');
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await show(ctx, error);
      }
    })
    .middleware();
}
