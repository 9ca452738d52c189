import type { App } from '../app.ts';
import { setFlash } from '../http/cookies.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { languageName } from '../i18n/index.ts';
import { NotFound, Unavailable } from '../kernel/errors.ts';
import { noticeOf, systemMails, type Notice } from '../mail/index.ts';
import { readTheme, resolveFrom, textIn } from '../theme/index.ts';
import type { PreviewedLook } from '../theming.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';

/** How the mails look that the desk writes by itself, in a theme and in what somebody tries out with it. */
export function themeMailRoutes(app: App): Middleware {
  const { desk, theming, plugins } = app;

  async function shown(ctx: Context): Promise<{ preview: PreviewedLook; notice: Notice; name: string; locale: string }> {
    const { userId } = administrator(ctx, 'plugins.manage');
    const id = ctx.params['id'] ?? '';
    const theme = readTheme(desk.config, id);
    const asked = ctx.params['mail'] ?? ctx.URL.searchParams.get('mail') ?? systemMails[0];
    const name = systemMails.find((one) => one === asked);
    if (theme === undefined || name === undefined) throw new NotFound('themes.not-found', { theme: id });
    const preview = theming.preview(plugins.snapshot, await theming.drafted(resolveFrom(desk.config, theme), userId));
    const locale = desk.locales().find((one) => one === ctx.URL.searchParams.get('lang')) ?? ctx.state.locale;
    const notice = await noticeOf(desk, { template: name, path: '/sign-in/link?token=example' }, preview.translatorFor(locale));
    return { preview, notice, name, locale };
  }

  return new Router()
    .get('/admin/themes/:id/mails', async (ctx) => {
      const { preview, notice, name, locale } = await shown(ctx);
      const { theme } = preview.look;
      const { text } = await theming.printNotice(notice, plugins.snapshot, { clock: desk.clock, preview });
      const here = (mail: string, lang: string): string => `?${new URLSearchParams({ mail, lang }).toString()}`;
      await renderAdmin(app, ctx, {
        template: 'admin/theme-mails',
        title: { key: 'theme.mails' },
        view: {
          id: theme.id,
          name: textIn(theme.title, ctx.state.locale),
          subject: notice.subject,
          text,
          frameUrl: `/admin/themes/${theme.id}/mails/${name}${here(name, locale)}`,
          testUrl: `/admin/themes/${theme.id}/mails/${name}/test${here(name, locale)}`,
          email: ctx.state.user?.email ?? '',
          mails: systemMails.map((one) => ({ href: here(one, locale), label: { key: `theme.mail.${one}` }, current: one === name })),
          languages: desk.locales().map((one) => ({
            href: here(name, one),
            label: { key: 'theme.text', params: { text: languageName(one) } },
            current: one === locale,
          })),
        },
      });
    })
    .get('/admin/themes/:id/mails/:mail', async (ctx) => {
      const { preview, notice } = await shown(ctx);
      ctx.set({
        'Content-Security-Policy': "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
        'X-Frame-Options': 'SAMEORIGIN',
      });
      ctx.type = 'html';
      ctx.body = (await theming.printNotice(notice, plugins.snapshot, { clock: desk.clock, preview })).html;
    })
    .post('/admin/themes/:id/mails/:mail/test', async (ctx) => {
      const { preview, notice, name, locale } = await shown(ctx);
      const { user } = signedIn(ctx);
      const sender = await desk.mail.systemSender();
      if (sender === undefined || user.email === null) throw new Unavailable('mail.not-set-up');
      const printed = await theming.printNotice(notice, plugins.snapshot, { clock: desk.clock, preview });
      await desk.mail.sendNotice(notice, { name: user.name, email: user.email }, sender, printed);
      setFlash(ctx, { kind: 'done', key: 'flash.test-mail-queued' });
      see(ctx, `/admin/themes/${preview.look.theme.id}/mails?mail=${name}&lang=${locale}`);
    })
    .middleware();
}
