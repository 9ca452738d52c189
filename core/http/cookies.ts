import type { Context } from './request-state.ts';

/** Over https the prefix makes browsers insist on Secure, no Domain and Path=/ (RFC 6265bis section 4.1.3). */
export function sessionCookie(isSecure: boolean): string {
  return isSecure ? '__Host-hd_session' : 'hd_session';
}

export function setSessionCookie(ctx: Context, token: string): void {
  ctx.cookies.set(sessionCookie(ctx.state.isSecure), token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.state.isSecure,
    path: '/',
    maxAge: 90 * 86_400_000,
    overwrite: true,
  });
}

export function clearSessionCookie(ctx: Context): void {
  ctx.cookies.set(sessionCookie(ctx.state.isSecure), '', {
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.state.isSecure,
    path: '/',
    maxAge: 0,
    overwrite: true,
  });
}

const flashCookie = 'hd_flash';

export interface Flash {
  readonly kind: 'done' | 'problem';
  readonly key: string;
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly undoUrl?: string | undefined;
  readonly undoUntil?: number | undefined;
}

/** Leaves a sentence for the next page; it is shown once. */
export function setFlash(ctx: Context, flash: Flash): void {
  ctx.cookies.set(flashCookie, Buffer.from(JSON.stringify(flash)).toString('base64url'), {
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.state.isSecure,
    path: '/',
    maxAge: 120_000,
    overwrite: true,
  });
}

/** Takes the sentence that an earlier answer left. */
export function takeFlash(ctx: Context): Flash | undefined {
  const text = ctx.cookies.get(flashCookie);
  if (text === undefined || text === '') return undefined;
  ctx.cookies.set(flashCookie, '', { httpOnly: true, path: '/', maxAge: 0, overwrite: true });
  try {
    const flash: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isFlash(flash) ? flash : undefined;
  } catch {
    return undefined;
  }
}

function isFlash(value: unknown): value is Flash {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'kind' in value &&
    (value.kind === 'done' || value.kind === 'problem')
  );
}
