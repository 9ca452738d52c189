import type { App } from '../app.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { checkTheme, findTheme, listThemes } from '../theme/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';

/** Themes: what is wrong with each, and which one is used. */
export function themeRoutes(app: App): Middleware {
  const { desk } = app;

  async function showThemes(ctx: Context, error?: unknown): Promise<void> {
    administrator(ctx, 'plugins.manage');
    const site = await desk.settings.get('site');
    const active = findTheme(desk.config, String(site['theme'])).id;
    const themes = listThemes(desk.config).map(async (theme) => ({
      id: theme.id,
      name: theme.title,
      description: theme.description,
      version: theme.version,
      active: theme.id === active,
      screenshotUrl: theme.id === active ? app.themeScreenshot() : undefined,
      problems: await checkTheme(desk.config, theme.folder),
      mayActivate: theme.id !== active,
    }));
    await renderAdmin(app, ctx, {
      template: 'admin/themes',
      title: { key: 'admin.themes' },
      view: { themes: await Promise.all(themes), options: [], previewUrl: '/' },
      error,
    });
  }

  return new Router()
    .get('/admin/themes', (ctx) => showThemes(ctx))
    .post('/admin/themes/:id/activate', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      try {
        await app.activateTheme(ctx.params['id'] ?? '');
        setFlash(ctx, { kind: 'done', key: 'flash.saved' });
        see(ctx, '/admin/themes');
      } catch (error) {
        await showThemes(ctx, error);
      }
    })
    .middleware();
}
