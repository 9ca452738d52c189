import type { App } from '../app.ts';
import { setFlash } from '../http/cookies.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { AppError, Invalid, Unauthenticated } from '../kernel/errors.ts';
import { findMailAccount, forgetAccount, providerIds, redirectUri, signInPages, startSignIn } from '../mail/index.ts';
import { administrator, see } from './admin-page.ts';
import type { MailSignInView } from './views.ts';

/** Signing a mailbox in at its provider in the browser, where passwords are not taken. */
export function mailSignInRoutes(app: App): Middleware {
  const { desk } = app;
  return (
    new Router()
      // A link, since forms of this site may not lead to another one; nothing happens before the person agrees there.
      .get('/admin/mailboxes/:id/sign-in/:provider', async (ctx) => {
        const actor = administrator(ctx, 'settings.manage');
        const provider = providerIds.find((one) => one === ctx.params['provider']);
        if (provider === undefined) throw new Invalid('mail.provider-not-set-up', { provider: ctx.params['provider'] });
        const mailboxId = Number(ctx.params['id']) || 0;
        ctx.set('Referrer-Policy', 'no-referrer');
        see(ctx, await startSignIn(desk, actor, sessionOf(ctx), { mailboxId, provider }));
      })
      .get('/admin/mailboxes/signed-in', async (ctx) => {
        const actor = administrator(ctx, 'settings.manage');
        const [state, code] = [ctx.URL.searchParams.get('state') ?? '', ctx.URL.searchParams.get('code') ?? ''];
        try {
          const mailbox = await desk.mail.finishSignIn(actor, sessionOf(ctx), { state, code });
          setFlash(ctx, { kind: 'done', key: 'flash.saved' });
          see(ctx, `/admin/mailboxes/${mailbox.id}`);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          const { message } = error.details;
          const params = { message: typeof message === 'string' ? message : '' };
          setFlash(ctx, { kind: 'problem', key: `errors.${error.code}`, params });
          see(ctx, '/admin/mailboxes');
        }
      })
      .post('/admin/mailboxes/:id/sign-out', async (ctx) => {
        administrator(ctx, 'settings.manage');
        const mailboxId = Number(ctx.params['id']) || 0;
        await desk.storage.writeTx((tx) => forgetAccount(desk, tx, mailboxId));
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, `/admin/mailboxes/${mailboxId}`);
      })
      .middleware()
  );
}

/** The part of a mailbox's page that is about its sign-in. */
export async function presentSignIn({ desk }: App, mailboxId: number): Promise<MailSignInView> {
  const account = await findMailAccount(desk.storage.read, mailboxId);
  const pages = await signInPages(desk, mailboxId);
  return {
    providers: pages.map(({ provider, path }) => ({ label: { key: `admin.sign-in.${provider}` }, href: path })),
    redirectUri: redirectUri(desk),
    ...(account === undefined
      ? {}
      : {
          account: {
            name: account.account,
            isSignedOut: account.state === 'signed-out',
            expiresAt: account.expiresAt,
            ...(account.error === null ? {} : { error: account.error }),
            signOutAction: `/admin/mailboxes/${mailboxId}/sign-out`,
          },
        }),
  };
}

function sessionOf(ctx: Context): { readonly id: number } {
  const { session } = signedIn(ctx);
  if (session === undefined) throw new Unauthenticated('auth.sign-in-needed');
  return session;
}
