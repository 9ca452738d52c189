import type { Desk } from '../desk.ts';
import { isSignatureOf, signatureOf } from '../kernel/signed.ts';
import { isAllowed, type UserActor } from '../users/index.ts';
import type { Context } from './request-state.ts';

/** Plugins that one administrator leaves out of their own requests; everybody else sees the desk as it is. */
export type Skip = ReadonlySet<string> | 'all';

const cookie = 'hd_without';
const lastsMs = 8 * 3_600_000;

interface Stored {
  readonly userId: number;
  readonly skip: 'all' | readonly string[];
  readonly until: number;
}

export function startSafeSession(desk: Desk, ctx: Context, actor: UserActor, skip: Skip): void {
  const stored: Stored = { userId: actor.userId, skip: skip === 'all' ? 'all' : [...skip], until: desk.clock.now() + lastsMs };
  const payload = Buffer.from(JSON.stringify(stored)).toString('base64url');
  ctx.cookies.set(cookie, `${payload}.${signatureOf(keyOf(desk), payload)}`, { ...flags(ctx), maxAge: lastsMs });
}

export function endSafeSession(ctx: Context): void {
  ctx.cookies.set(cookie, '', { ...flags(ctx), maxAge: 0 });
}

/** What the signed-in administrator leaves out; a cookie of somebody else, or of somebody who may no longer, is nothing. */
export function safeSessionOf(desk: Desk, ctx: Context): Skip | undefined {
  const value = ctx.cookies.get(cookie);
  const { actor } = ctx.state;
  if (value === undefined || value === '' || actor === undefined || !isAllowed(actor, 'plugins.manage')) return undefined;
  const [payload = '', given = ''] = value.split('.');
  if (!isSignatureOf(keyOf(desk), payload, given)) return undefined;
  const { userId, skip, until }: Stored = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  if (userId !== actor.userId || until < desk.clock.now()) return undefined;
  return skip === 'all' ? 'all' : new Set(skip);
}

function keyOf(desk: Desk): Buffer {
  return desk.secrets.passingKey('safe session');
}

function flags(ctx: Context) {
  return { httpOnly: true, sameSite: 'lax', secure: ctx.state.isSecure, path: '/', overwrite: true } as const;
}
