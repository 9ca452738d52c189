import { randomUUID } from 'node:crypto';
import { negotiateLocale, type Translator } from '../i18n/index.ts';
import { actorOf, resumeSession } from '../auth/index.ts';
import type { Desk } from '../desk.ts';
import { Forbidden } from '../kernel/errors.ts';
import { isContentPath } from '../files/index.ts';
import { sessionCookie } from './cookies.ts';
import type { Context, Middleware } from './request-state.ts';

/** Gives each request an id, finds out who asks and in which language, and sets the headers every answer carries. */
export function requestBasics(desk: Desk, translatorOf: (ctx: Context, locale: string, timeZone: string) => Translator): Middleware {
  return async (ctx, next) => {
    ctx.state.requestId = randomUUID();
    // Behind a proxy that ends TLS the connection itself is plain; the public address says what browsers use.
    ctx.state.isSecure = ctx.secure || new URL(desk.config.url).protocol === 'https:';
    ctx.cookies.secure = ctx.state.isSecure;
    setSecurityHeaders(ctx);
    const token = isContentPath(ctx.path) ? undefined : ctx.cookies.get(sessionCookie(ctx.state.isSecure));
    const resumed = token === undefined ? undefined : await resumeSession(desk, token);
    if (resumed !== undefined) {
      ctx.state.user = resumed.user;
      ctx.state.session = resumed.session;
      ctx.state.newestEventId = resumed.newestEventId;
      ctx.state.actor = actorOf(resumed.user);
    }
    const site = await desk.settings.get('site');
    const offered = desk.locales();
    const asked = ctx.cookies.get('hd_locale');
    ctx.state.locale =
      ctx.state.user?.locale ??
      (asked !== undefined && offered.includes(asked)
        ? asked
        : ctx.get('Accept-Language') === ''
          ? String(site['locale'])
          : negotiateLocale(ctx.get('Accept-Language'), offered));
    ctx.state.timeZone = ctx.state.user?.timeZone ?? String(site['timeZone']);
    ctx.state.translator = translatorOf(ctx, ctx.state.locale, ctx.state.timeZone);
    return next();
  };
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses state changes that another site started. Browsers say where a request comes from
 * (Fetch Metadata, else Origin); a request with neither and with a cookie proves nothing and is refused.
 */
export function sameOrigin(desk: Desk): Middleware {
  const ownOrigin = new URL(desk.config.url).origin;
  return async (ctx, next) => {
    if (safeMethods.has(ctx.method) || ctx.path.startsWith('/api/')) return next();
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    const isSame =
      site === '' ? origin !== '' && (origin === ownOrigin || origin === `${ctx.protocol}://${ctx.host}`) : site === 'same-origin';
    if (!isSame) throw new Forbidden('http.cross-site');
    return next();
  };
}

function setSecurityHeaders(ctx: Context): void {
  ctx.set({
    'Content-Security-Policy':
      "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; frame-src 'self'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-Request-Id': ctx.state.requestId,
    'Cache-Control': 'no-store',
  });
  if (ctx.state.isSecure) ctx.set('Strict-Transport-Security', 'max-age=31536000');
}
