import type { App } from '../app.ts';
import { clearSessionCookie, setFlash, setSessionCookie } from '../http/cookies.ts';
import { readForm } from '../http/body.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { localPath, Router } from '../http/router.ts';
import type { User } from '../users/index.ts';
import { confirmSession } from './confirming.ts';
import { completeSetup, isLinkAlive, requestMagicLink, requestPasswordReset, resetPassword, useMagicLink } from './links.ts';
import { minPasswordLength } from './passwords.ts';
import { endSessions, openSession } from './sessions.ts';
import { signIn } from './signing-in.ts';
import type { ConfirmView, SetupView, SignInView } from './views.ts';
import { countAdministrators } from '../users/index.ts';
import { timeZoneOptions } from '../i18n/index.ts';

/** Signing in and out, one-time links, new passwords and the set-up of a new desk. */
export function authRoutes({ desk, pages }: App): Middleware {
  const router = new Router();

  async function showSignIn(ctx: Context, form: { email: string; next: string }, error?: unknown): Promise<void> {
    const linkByMail = (await desk.mail.systemSender()) !== undefined;
    const view: SignInView = {
      area: form.next.startsWith('/desk') || form.next.startsWith('/admin') ? 'desk' : 'portal',
      ...form,
      linkByMail,
      password: true,
      mayRegister: linkByMail,
      others: [],
      ...(error === undefined ? {} : { errors: formErrors(error) }),
    };
    await pages.render(ctx, {
      area: 'auth',
      template: 'auth/sign-in',
      title: ctx.state.translator.t('auth.sign-in'),
      view,
      slots: { names: ['auth.sign-in'], input: {} },
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }

  async function enter(ctx: Context, user: User, next: string): Promise<void> {
    setSessionCookie(ctx, await openSession(desk, user.id, { ip: ctx.ip, userAgent: ctx.get('User-Agent') }));
    ctx.redirect(localPath(next, user.role.kind === 'agent' ? '/desk' : '/tickets'));
    ctx.status = 303;
  }

  async function linkSent(ctx: Context, email: string, purpose: 'sign-in' | 'reset', minutes: number): Promise<void> {
    await pages.render(ctx, {
      area: 'auth',
      template: 'auth/link-sent',
      title: ctx.state.translator.t('auth.sent.title'),
      view: { email, purpose, minutes },
    });
  }

  async function showConfirm(ctx: Context, next: string, error?: unknown): Promise<void> {
    const { user } = signedIn(ctx);
    const view: ConfirmView = {
      next,
      email: user.email ?? '',
      hasPassword: user.hasPassword,
      linkByMail: (await desk.mail.systemSender()) !== undefined,
      ...(error === undefined ? {} : { errors: formErrors(error) }),
    };
    await pages.render(ctx, {
      area: 'auth',
      template: 'auth/confirm',
      title: ctx.state.translator.t('auth.confirm.title'),
      view,
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }

  router
    .get('/sign-in/confirm', (ctx) => showConfirm(ctx, localPath(ctx.URL.searchParams.get('next') ?? undefined, '/')))
    .post('/sign-in/confirm', async (ctx) => {
      const { session } = signedIn(ctx);
      const form = await readForm(desk, ctx);
      const next = localPath(form.text('next'), '/');
      try {
        if (session !== undefined) await confirmSession(desk, session, form.text('password'));
        ctx.redirect(next);
        ctx.status = 303;
      } catch (error) {
        await showConfirm(ctx, next, error);
      }
    })
    .get('/sign-in', (ctx) => showSignIn(ctx, { email: '', next: localPath(ctx.URL.searchParams.get('next') ?? undefined, '') }))
    .post('/sign-in', async (ctx) => {
      const form = await readForm(desk, ctx);
      const [email, next] = [form.text('email'), form.text('next')];
      try {
        await enter(ctx, await signIn(desk, { email, password: form.text('password'), ip: ctx.ip }), next);
      } catch (error) {
        await showSignIn(ctx, { email, next }, error);
      }
    })
    .post('/sign-out', async (ctx) => {
      if (ctx.state.session !== undefined) await endSessions(desk, ctx.state.session.userId, { id: ctx.state.session.id });
      clearSessionCookie(ctx);
      ctx.redirect('/');
      ctx.status = 303;
    })
    .post('/sign-in/link', async (ctx) => {
      const form = await readForm(desk, ctx);
      const [email, next] = [form.text('email'), form.text('next')];
      try {
        await requestMagicLink(desk, { email, ip: ctx.ip, returnTo: localPath(next, ''), locale: ctx.state.locale });
        await linkSent(ctx, email, 'sign-in', 30);
      } catch (error) {
        await showSignIn(ctx, { email, next }, error);
      }
    })
    .get('/sign-in/link', async (ctx) => {
      const token = ctx.URL.searchParams.get('token') ?? '';
      const state = (await isLinkAlive(desk, token, 'magic')) ? 'ready' : 'expired';
      await pages.render(ctx, {
        area: 'auth',
        template: 'auth/link',
        title: ctx.state.translator.t('auth.sign-in'),
        view: { token, purpose: 'sign-in', action: '/sign-in/link/use', state },
      });
    })
    .post('/sign-in/link/use', async (ctx) => {
      const form = await readForm(desk, ctx);
      const { user, returnTo } = await useMagicLink(desk, form.text('token'));
      await enter(ctx, user, returnTo ?? '');
    })
    .get('/sign-in/reset', async (ctx) => {
      const mailWorks = (await desk.mail.systemSender()) !== undefined;
      await pages.render(ctx, {
        area: 'auth',
        template: 'auth/reset-request',
        title: ctx.state.translator.t('auth.reset.title'),
        view: { email: '', mailWorks },
      });
    })
    .post('/sign-in/reset', async (ctx) => {
      const email = (await readForm(desk, ctx)).text('email');
      try {
        await requestPasswordReset(desk, { email, ip: ctx.ip });
        await linkSent(ctx, email, 'reset', 60);
      } catch (error) {
        await pages.render(ctx, {
          area: 'auth',
          template: 'auth/reset-request',
          title: ctx.state.translator.t('auth.reset.title'),
          view: { email, mailWorks: true, errors: formErrors(error) },
          status: statusOfError(error),
        });
      }
    })
    .get('/reset', (ctx) => showReset(ctx, ctx.URL.searchParams.get('token') ?? ''))
    .post('/reset', async (ctx) => {
      const form = await readForm(desk, ctx);
      try {
        // Nobody is signed in by this: who comes with the mail alone still has to pass whatever signing in asks.
        await resetPassword(desk, form.text('token'), form.text('password'));
        setFlash(ctx, { kind: 'done', key: 'flash.password-changed' });
        ctx.redirect('/sign-in');
        ctx.status = 303;
      } catch (error) {
        await showReset(ctx, form.text('token'), error);
      }
    })
    .get('/setup', (ctx) => showSetup(ctx, ctx.URL.searchParams.get('token') ?? '', { siteName: '', name: '', email: '' }))
    .post('/setup', async (ctx) => {
      const form = await readForm(desk, ctx);
      const values = { siteName: form.text('siteName'), name: form.text('name'), email: form.text('email') };
      try {
        const user = await completeSetup(desk, form.text('token'), {
          ...values,
          password: form.text('password'),
          locale: form.optional('locale'),
        });
        await desk.settings.set('site', {
          ...(form.optional('siteName') === undefined ? {} : { name: values.siteName.trim() }),
          ...(form.optional('locale') === undefined ? {} : { locale: form.text('locale') }),
          ...(form.optional('timeZone') === undefined ? {} : { timeZone: form.text('timeZone') }),
        });
        setFlash(ctx, { kind: 'done', key: 'flash.set-up' });
        await enter(ctx, user, '/desk');
      } catch (error) {
        await showSetup(ctx, form.text('token'), values, error);
      }
    })
    .post('/locale', async (ctx) => {
      const form = await readForm(desk, ctx);
      if (desk.locales().includes(form.text('locale')))
        ctx.cookies.set('hd_locale', form.text('locale'), {
          sameSite: 'lax',
          secure: ctx.state.isSecure,
          maxAge: 365 * 86_400_000,
          overwrite: true,
        });
      ctx.redirect(localPath(form.text('next'), '/'));
      ctx.status = 303;
    });

  async function showReset(ctx: Context, token: string, error?: unknown): Promise<void> {
    const state = (await isLinkAlive(desk, token, 'reset', 'invite')) ? 'ready' : 'expired';
    await pages.render(ctx, {
      area: 'auth',
      template: 'auth/reset',
      title: ctx.state.translator.t('auth.new-password.title'),
      view: {
        token,
        action: '/reset',
        minimumLength: minPasswordLength,
        state,
        ...(error === undefined || state === 'expired' ? {} : { errors: formErrors(error) }),
      },
      ...(error === undefined ? {} : { status: statusOfError(error) }),
    });
  }

  async function showSetup(ctx: Context, token: string, values: SetupView['values'], error?: unknown): Promise<void> {
    const isDone = (await countAdministrators(desk.storage.read)) > 0;
    const state = isDone ? 'done' : (await isLinkAlive(desk, token, 'setup')) ? 'ready' : 'wrong-token';
    const view: SetupView = {
      token,
      state,
      values,
      locales: desk.locales().map((value) => ({
        value,
        label: new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? value,
        selected: value === ctx.state.locale,
      })),
      timeZones: timeZoneOptions(ctx.state.timeZone),
      minimumLength: minPasswordLength,
      ...(error === undefined || state !== 'ready' ? {} : { errors: formErrors(error) }),
    };
    await pages.render(ctx, {
      area: 'auth',
      template: 'auth/setup',
      title: ctx.state.translator.t('setup.title'),
      view,
      status: error === undefined ? (state === 'wrong-token' ? 403 : 200) : statusOfError(error),
    });
  }

  return router.middleware();
}
