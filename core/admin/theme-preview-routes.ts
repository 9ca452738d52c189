import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { Invalid, NotFound, Unauthenticated } from '../kernel/errors.ts';
import {
  customProperties,
  defaultOf,
  deleteDraft,
  fitValues,
  imagesIn,
  insertVersion,
  measureLook,
  readTheme,
  resolveFrom,
  saveDraft,
  themeVersions,
  type OptionValues,
  type ResolvedTheme,
} from '../theme/index.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { previewView } from './theme-preview-view.ts';

const maxImageBytes = 2_097_152;
const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** Trying out a theme and its options before anybody else sees them. */
export function themePreviewRoutes(app: App): Middleware {
  const { desk, theming } = app;

  async function show(ctx: Context, error?: unknown): Promise<void> {
    const { userId } = administrator(ctx, 'plugins.manage');
    const { session } = signedIn(ctx);
    if (session === undefined) throw new Unauthenticated('auth.sign-in-needed');
    const resolved = themeOf(ctx);
    const look = await theming.drafted(resolved, userId);
    await renderAdmin(app, ctx, {
      template: 'admin/theme-preview',
      title: { key: 'theme.preview' },
      view: await previewView(app, ctx, { look, userId, sessionId: session.id }),
      error,
    });
  }

  // A folder of themes is a list of names: what is not on it does not exist.
  function themeOf(ctx: Context): ResolvedTheme {
    const id = ctx.params['id'] ?? '';
    const theme = readTheme(desk.config, id);
    if (theme === undefined) throw new NotFound('themes.not-found', { theme: id });
    return resolveFrom(desk.config, theme);
  }

  async function readValues(ctx: Context, resolved: ResolvedTheme, userId: number): Promise<OptionValues> {
    const form = await readForm(desk, ctx);
    const before = (await theming.drafted(resolved, userId)).values;
    if (form.text('whole') !== '1') return before;
    const raw = Object.fromEntries(
      Object.entries(resolved.options).flatMap(([name, option]): readonly (readonly [string, unknown])[] => {
        if (form.text('reset') === name || form.text('reset') === '*') return [];
        const field = `option.${name}`;
        if (option.type === 'boolean') return unlessDefault(name, form.isChecked(field), option.default);
        if (option.type === 'image') return [[name, imageIn(form, field) ?? before[name] ?? 0]];
        if (!form.has(field)) return name in before ? [[name, before[name]]] : [];
        const typed = form.text(field);
        // What equals the default follows it: also into another language, and when the theme changes it.
        return unlessDefault(name, option.type === 'number' ? Number(typed) : typed, defaultOf(option, ctx.state.locale));
      }),
    );
    const { values, wrong } = fitValues(resolved.options, raw);
    if (wrong.length > 0) throw new Invalid('themes.option-invalid', { fields: wrong.map((name) => `option.${name}`) });
    return values;
  }

  function imageIn(form: Form, field: string): number | undefined {
    const file = form.files.find((one) => one.field === field);
    if (file === undefined) return undefined;
    if (!imageTypes.includes(file.contentType) || file.size > maxImageBytes) throw new Invalid('themes.image-invalid', { fields: [field] });
    return file.id;
  }

  return new Router()
    .get('/admin/themes/:id/preview', (ctx) => show(ctx))
    .post('/admin/themes/:id/draft', async (ctx) => {
      const { userId } = administrator(ctx, 'plugins.manage');
      const resolved = themeOf(ctx);
      const wantsJson = ctx.get('Accept') === 'application/json';
      try {
        const values = await readValues(ctx, resolved, userId);
        const files = imagesIn(resolved.options, values);
        await saveDraft(desk.storage, { theme: resolved.theme.id, values, files, userId, now: desk.clock.now() });
        if (!wantsJson) return see(ctx, `/admin/themes/${resolved.theme.id}/preview${ctx.search}`);
        const look = await theming.drafted(resolved, userId);
        ctx.body = {
          properties: customProperties(resolved.options, values),
          attributes: look.attributes,
          problems: measureLook(look)
            .filter(({ level }) => level === 'error')
            .map(({ text }) => text),
        };
        return undefined;
      } catch (error) {
        if (wantsJson) throw error;
        return show(ctx, error);
      }
    })
    .post('/admin/themes/:id/publish', async (ctx) => {
      const { userId } = administrator(ctx, 'plugins.manage');
      const resolved = themeOf(ctx);
      try {
        const values = await readValues(ctx, resolved, userId);
        const files = imagesIn(resolved.options, values);
        // A theme that cannot work is refused before anything of it is published.
        if (ctx.URL.searchParams.get('activate') === '1') await app.activateTheme(resolved.theme.id);
        await desk.storage.writeTx((tx) => insertVersion(tx, { theme: resolved.theme.id, values, files, userId, now: desk.clock.now() }));
        await applied(ctx, resolved.theme.id, 'flash.theme-published');
      } catch (error) {
        await show(ctx, error);
      }
    })
    .post('/admin/themes/:id/discard', async (ctx) => {
      const { userId } = administrator(ctx, 'plugins.manage');
      const { theme } = themeOf(ctx);
      await desk.storage.writeTx((tx) => deleteDraft(tx, theme.id, userId));
      await applied(ctx, theme.id, 'flash.theme-discarded');
    })
    .post('/admin/themes/:id/restore/:version', async (ctx) => {
      const { userId } = administrator(ctx, 'plugins.manage');
      const { theme, options } = themeOf(ctx);
      const version = (await themeVersions(desk.storage.read, theme.id)).find(({ id }) => id === Number(ctx.params['version']));
      if (version === undefined) throw new NotFound('themes.no-version', { theme: theme.id });
      const { values } = fitValues(options, version.values);
      await desk.storage.writeTx((tx) =>
        insertVersion(tx, { theme: theme.id, values, files: imagesIn(options, values), userId, now: desk.clock.now() }),
      );
      await applied(ctx, theme.id, 'flash.theme-published');
    })
    .middleware();

  async function applied(ctx: Context, id: string, key: string): Promise<void> {
    if (await theming.read()) app.plugins.rebuild();
    setFlash(ctx, { kind: 'done', key });
    see(ctx, `/admin/themes/${id}/preview`);
  }
}

function unlessDefault(name: string, value: unknown, standard: unknown): readonly (readonly [string, unknown])[] {
  return value === standard ? [] : [[name, value]];
}
