import type { Desk } from '../desk.ts';
import { Forbidden, NotFound } from '../kernel/errors.ts';
import { snapshotOf } from '../kernel/router-dispatch.ts';
import type { Snapshot } from '../kernel/snapshot.ts';
import { readPreview, resolveTheme } from '../theme/index.ts';
import type { Theming } from '../theming.ts';
import { escapeHtml } from '../html/index.ts';
import { isAllowed } from '../users/index.ts';
import type { Context, Middleware } from './request-state.ts';

export interface PreviewingDeps {
  readonly desk: Desk;
  readonly theming: Theming;
  readonly snapshot: () => Snapshot;
}

const notPortal = /^\/(desk|admin|api|assets|content|health|events|setup)(\/|$)/;
const signedOutPages = /^\/(sign-in|reset)(\/|$)/;

/**
 * Shows the portal in a look that is tried out, to the session that tries it out: `?preview=<token>~<language>~<scheme>`.
 * Links and redirects of such a page carry the token on, so that one can walk about; nothing can be sent from it.
 *
 * @throws Forbidden `themes.preview-ended` for a token that is old, forged or another session's.
 */
export function previewing({ desk, theming, snapshot }: PreviewingDeps): Middleware {
  return async (ctx, next) => {
    const asked = ctx.URL.searchParams.get('preview');
    if (asked === null || notPortal.test(ctx.path)) return next();
    const [token = '', locale = '', scheme = ''] = asked.split('~');
    const { session, actor } = ctx.state;
    const grant =
      session === undefined || actor === undefined || !isAllowed(actor, 'plugins.manage')
        ? undefined
        : readPreview(desk.secrets.passingKey('theme-preview'), token, session, desk.clock.now());
    if (grant === undefined) throw new Forbidden('themes.preview-ended');
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new Forbidden('themes.preview-only');
    const resolved = resolveTheme(desk.config, grant.theme);
    if (resolved.theme.id !== grant.theme) throw new NotFound('themes.not-found', { theme: grant.theme });
    const shown = theming.preview(snapshotOf(ctx, snapshot), await theming.drafted(resolved, grant.userId));
    if (desk.locales().includes(locale)) ctx.state.locale = locale;
    ctx.state.translator = shown.translatorFor(ctx.state.locale, ctx.state.timeZone);
    ctx.state.preview = { ...shown, parameter: asked, scheme: scheme === 'light' || scheme === 'dark' ? scheme : undefined };
    if (signedOutPages.test(ctx.path)) {
      delete ctx.state.user;
      delete ctx.state.actor;
      delete ctx.state.session;
    }
    allowFraming(ctx);
    await next();
    const location: string | undefined = ctx.response.get('Location');
    if (location !== undefined && /^\/(?!\/)/.test(location)) ctx.set('Location', carrying(location, asked));
    if (typeof ctx.body === 'string' && ctx.response.is('html'))
      ctx.body = withToken(ctx.body, asked, theming.assets.url('core', 'preview-frame.js'));
    return undefined;
  };
}

function allowFraming(ctx: Context): void {
  ctx.remove('X-Frame-Options');
  ctx.set(
    'Content-Security-Policy',
    ctx.response.get('Content-Security-Policy').replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
  );
}

/** Puts the token into the page's links and forms, and the script that hears from the page around the frame. */
function withToken(html: string, parameter: string, script: string): string {
  const hidden = `<input type="hidden" name="preview" value="${escapeHtml(parameter)}">`;
  return html
    .replaceAll(
      /(\s(?:href|action)=")(\/(?!\/|assets\/)[^"]*)"/g,
      (_all, start: string, url: string) => `${start}${escapeHtml(carrying(unescaped(url), parameter))}"`,
    )
    .replaceAll(/<form\b[^>]*\smethod="get"[^>]*>/g, (form) => form + hidden)
    .replace('</head>', `<script type="module" src="${script}"></script></head>`);
}

// What Handlebars makes of an address in an attribute.
const entities: Readonly<Record<string, string>> = { amp: '&', '#x3D': '=', '#x27': "'", quot: '"', '#x60': '`' };

function unescaped(text: string): string {
  return text.replaceAll(/&(amp|#x3D|#x27|quot|#x60);/g, (_all, name: string) => entities[name] ?? '');
}

function carrying(url: string, parameter: string): string {
  const [address = '', fragment] = url.split('#');
  const withParameter = /[?&]preview=/.test(address)
    ? address
    : `${address}${address.includes('?') ? '&' : '?'}preview=${encodeURIComponent(parameter)}`;
  return fragment === undefined ? withParameter : `${withParameter}#${fragment}`;
}
