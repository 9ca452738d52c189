import { existsSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import { installThemeArchive, removeTheme } from '../operations/index.ts';
import { checkTheme, compareTemplate, listThemes, textIn } from '../theme/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { rivalsOf, templateSources } from './theme-files.ts';
import type { ThemeListView } from './system-views.ts';

/** Themes: what is wrong with each, which one is used, and which file each page comes from. */
export function themeRoutes(app: App): Middleware {
  const { desk, theming } = app;

  async function showThemes(ctx: Context, error?: unknown): Promise<void> {
    administrator(ctx, 'plugins.manage');
    const { locale } = ctx.state;
    const { look } = theming;
    const inUse = look.chain.map(({ id }) => id);
    const themes = listThemes(desk.config).map(async (theme) => ({
      id: theme.id,
      name: textIn(theme.title, locale),
      description: textIn(theme.description, locale),
      version: theme.version,
      author: theme.author,
      parent: theme.extends,
      active: theme.id === look.theme.id,
      screenshotUrl: existsSync(path.join(theme.folder, 'screenshot.png'))
        ? theming.assets.url(`t/${theme.id}`, 'screenshot.png')
        : undefined,
      problems: await checkTheme(desk.config, theme.folder),
      mayActivate: theme.id !== look.theme.id,
      mayRemove: !inUse.includes(theme.id) && path.dirname(theme.folder) === path.join(desk.config.data, 'themes'),
    }));
    const view: ThemeListView = {
      themes: await Promise.all(themes),
      trouble:
        look.trouble === undefined
          ? undefined
          : { key: `theme.trouble.${look.trouble.kind}`, params: { theme: look.trouble.theme, used: textIn(look.theme.title, locale) } },
      faults: [...theming.faults.values()].map(({ template, kind, owner, error: cause }) => ({
        text: { key: `theme.fault.${kind}`, params: { template, owner } },
        detail: cause.message.split('\n')[0] ?? '',
      })),
      sources: templateSources(app),
      rivals: rivalsOf(app),
      previewUrl: '/',
    };
    await renderAdmin(app, ctx, { template: 'admin/themes', title: { key: 'admin.themes' }, view, error });
  }

  async function attempt(ctx: Context, change: () => Promise<unknown>): Promise<void> {
    administrator(ctx, 'plugins.manage');
    try {
      await change();
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/themes');
    } catch (error) {
      await showThemes(ctx, error);
    }
  }

  return new Router()
    .get('/admin/themes', (ctx) => showThemes(ctx))
    .post('/admin/themes', (ctx) =>
      attempt(ctx, async () => {
        const [file] = (await readForm(desk, ctx)).files;
        if (file === undefined) throw new Invalid('files.none', { fields: ['archive'] });
        await installThemeArchive(desk.config, { name: file.name, content: await desk.files.read(file.sha256) });
        app.plugins.rebuild();
      }),
    )
    .post('/admin/themes/owners', (ctx) =>
      attempt(ctx, async () => {
        const form = await readForm(desk, ctx);
        const chosen = rivalsOf(app).flatMap(({ template, plugins }) => {
          const owner = plugins.find(({ value }) => value === form.text(`owner.${template}`))?.value ?? '';
          return owner === '' ? [] : [`${template}=${owner}`];
        });
        await desk.settings.set('site', { templateOwners: chosen });
        await theming.read();
        app.plugins.rebuild();
      }),
    )
    .post('/admin/themes/:id/activate', (ctx) => attempt(ctx, () => app.activateTheme(ctx.params['id'] ?? '')))
    .post('/admin/themes/:id/remove', (ctx) =>
      attempt(ctx, async () => {
        removeTheme(
          desk.config,
          ctx.params['id'] ?? '',
          theming.look.chain.map(({ id }) => id),
        );
        app.plugins.rebuild();
      }),
    )
    .get('/admin/themes/:id/diff', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      const name = ctx.URL.searchParams.get('template') ?? '';
      const id = ctx.params['id'] ?? '';
      if (!listThemes(desk.config).some((theme) => theme.id === id)) throw new NotFound('themes.not-found', { theme: id });
      const { original, override, lines } = await compareTemplate(desk.config, id, name);
      const view = {
        back: { href: '/admin/themes', label: { key: 'admin.themes' } },
        template: name,
        original: original.owner,
        originalVersion: original.version,
        override: override.owner,
        overrideVersion: override.version,
        isOutdated: override.version < original.version,
        lines: lines.map(({ kind, text }) => ({ kind, text, mark: { removed: '−', added: '+', same: ' ' }[kind] })),
      };
      await renderAdmin(app, ctx, { template: 'admin/theme-diff', title: { key: 'theme.diff.title' }, view });
    })
    .middleware();
}
