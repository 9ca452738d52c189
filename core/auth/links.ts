import { Conflict, Forbidden, Invalid, Unauthenticated } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import {
  countAdministrators,
  createUser,
  findOrCreateCustomer,
  findUser,
  findUserByEmail,
  isEmailAddress,
  systemActor,
  type User,
} from '../users/index.ts';
import { hashPassword } from './passwords.ts';
import { newToken, tokenHash } from './tokens.ts';

type Purpose = 'setup' | 'reset' | 'magic' | 'invite';

const lifeMs: Record<Purpose, number> = {
  setup: 7 * 86_400_000,
  reset: 60 * 60_000,
  magic: 30 * 60_000,
  invite: 7 * 86_400_000,
};

const linkLimit = { hits: 5, windowMs: 15 * 60_000 };
const linkLimitPerClient = { hits: 30, windowMs: 15 * 60_000 };

/** A fresh one-time setup link token, or nothing once an administrator exists. Earlier setup links stop working. */
export async function issueSetupToken(desk: Desk): Promise<string | undefined> {
  if ((await countAdministrators(desk.storage.read)) > 0) return undefined;
  return issue(desk, { purpose: 'setup' });
}

/**
 * Creates the first administrator.
 *
 * @throws Unauthenticated `auth.link-invalid` for a used or old link, Conflict `auth.already-set-up`.
 */
export async function completeSetup(
  desk: Desk,
  token: string,
  admin: { name: string; email: string; password: string; locale?: string | undefined },
): Promise<User> {
  if ((await countAdministrators(desk.storage.read)) > 0) throw new Conflict('auth.already-set-up');
  await peek(desk, token, 'setup');
  const passwordHash = await hashPassword(admin.password);
  await consume(desk, token, 'setup');
  try {
    return await createUser(desk, systemActor, { ...admin, role: 'admin', passwordHash, isConfirmed: true });
  } catch (error) {
    // A mistyped or taken address must not use the only link up.
    await release(desk, token, 'setup');
    throw error;
  }
}

/**
 * Mails a sign-in link. The answer is the same whether or not the address is known; an unknown one gets
 * an account when it uses the link, since whoever reads the mailbox has proven the address.
 */
export async function requestMagicLink(
  desk: Desk,
  request: { email: string; ip?: string | undefined; returnTo?: string | undefined; locale?: string | undefined },
): Promise<void> {
  await limit(desk, request);
  const user = await findUserByEmail(desk.storage.read, request.email);
  if (user !== undefined && (!user.isActive || user.deletedAt !== null)) return;
  const token = await issue(desk, { purpose: 'magic', userId: user?.id, email: user?.email ?? request.email, returnTo: request.returnTo });
  await desk.mail.sendSystem({
    template: 'magic-link',
    to: user?.email ?? request.email,
    userId: user?.id,
    locale: user?.locale ?? request.locale,
    path: `/sign-in/link?token=${token}`,
  });
}

/**
 * Uses a sign-in link. Only the POST of the landing page calls this: a mail scanner's GET consumes nothing.
 *
 * @throws Unauthenticated `auth.link-invalid`, Forbidden when a plugin refuses the sign-in.
 */
export async function useMagicLink(desk: Desk, token: string): Promise<{ user: User; returnTo: string | null }> {
  const row = await consume(desk, token, 'magic');
  if (row.user_id !== null) {
    const user = await findUser(desk.storage.read, row.user_id);
    if (user === undefined || !user.isActive || user.deletedAt !== null) throw new Unauthenticated('auth.link-invalid');
    await confirmAddress(desk, row.email);
    await refuseByVerdict(desk, user.id);
    return { user, returnTo: row.return_to };
  }
  const email = row.email;
  if (email === null) throw new Unauthenticated('auth.link-invalid');
  const user = await desk.storage.writeTx((tx) => findOrCreateCustomer(desk, tx, { email }));
  await confirmAddress(desk, email);
  await refuseByVerdict(desk, user.id);
  return { user, returnTo: row.return_to };
}

/** Mails a link for a new password; the answer never tells whether the address is known. */
export async function requestPasswordReset(desk: Desk, request: { email: string; ip?: string | undefined }): Promise<void> {
  await limit(desk, request);
  const user = await findUserByEmail(desk.storage.read, request.email);
  if (user === undefined || !user.isActive || user.deletedAt !== null || user.email === null) return;
  const token = await issue(desk, { purpose: 'reset', userId: user.id, email: user.email });
  await desk.mail.sendSystem({
    template: 'password-reset',
    to: user.email,
    userId: user.id,
    locale: user.locale,
    path: `/reset?token=${token}`,
  });
}

/** A link with which somebody chooses their first password: mailed, or only returned to be handed over. Returns its path. */
export async function invite(desk: Desk, user: User, { isMailed }: { readonly isMailed: boolean }): Promise<string> {
  const token = await issue(desk, { purpose: 'invite', userId: user.id, email: user.email ?? undefined });
  const path = `/reset?token=${token}`;
  if (isMailed && user.email !== null)
    await desk.mail.sendSystem({ template: 'invitation', to: user.email, userId: user.id, locale: user.locale, path });
  return path;
}

/**
 * Sets the password of a reset or invitation link and ends all sessions of the person.
 *
 * @throws Unauthenticated `auth.link-invalid`.
 */
export async function resetPassword(desk: Desk, token: string, password: string): Promise<User> {
  const waiting = await peek(desk, token, 'reset', 'invite');
  const passwordHash = await hashPassword(password);
  const row = await consume(desk, token, waiting.purpose);
  if (row.user_id === null) throw new Unauthenticated('auth.link-invalid');
  const userId = row.user_id;
  await setPasswordHash(desk, userId, passwordHash);
  await confirmAddress(desk, row.email);
  const user = await findUser(desk.storage.read, userId);
  if (user === undefined || !user.isActive) throw new Unauthenticated('auth.link-invalid');
  return user;
}

/** Whether a link could still be used, for the page that shows its button. */
export async function isLinkAlive(desk: Desk, token: string, ...purposes: readonly Purpose[]): Promise<boolean> {
  return peek(desk, token, ...purposes).then(
    () => true,
    () => false,
  );
}

export async function setPasswordHash(
  desk: Desk,
  userId: number,
  passwordHash: string,
  keepSessionId: number | null = null,
): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    await tx('users')
      .where({ id: userId })
      .update({ password_hash: passwordHash, updated_at: now, version: tx.raw('version + 1') });
    const ending = tx('sessions').where({ user_id: userId });
    if (keepSessionId !== null) void ending.whereNot({ id: keepSessionId });
    await ending.delete();
    await tx('sign_in_tokens').where({ user_id: userId }).whereNull('used_at').update({ used_at: now });
    await desk.events.record(tx, 'user.changed', { actor: { kind: 'system' }, payload: { userId, fields: ['password'] } });
  });
}

interface LinkRow {
  id: number;
  purpose: Purpose;
  user_id: number | null;
  email: string | null;
  return_to: string | null;
}

interface NewLink {
  readonly purpose: Purpose;
  readonly userId?: number | undefined;
  readonly email?: string | undefined;
  readonly returnTo?: string | undefined;
}

async function issue(desk: Desk, link: NewLink): Promise<string> {
  const token = newToken();
  const now = desk.clock.now();
  await desk.storage.writeTx(async (tx) => {
    await tx('sign_in_tokens')
      .where('expires_at', '<', now - 86_400_000)
      .delete();
    if (link.purpose === 'setup') await tx('sign_in_tokens').where({ purpose: 'setup' }).delete();
    await tx('sign_in_tokens').insert({
      token_hash: tokenHash(token),
      purpose: link.purpose,
      user_id: link.userId ?? null,
      email: link.email ?? null,
      return_to: link.returnTo ?? null,
      created_at: now,
      expires_at: now + lifeMs[link.purpose],
    });
  });
  return token;
}

async function peek(desk: Desk, token: string, ...purposes: readonly Purpose[]): Promise<LinkRow> {
  const row: LinkRow | undefined = await desk.storage
    .read('sign_in_tokens')
    .where({ token_hash: tokenHash(token) })
    .whereIn('purpose', purposes)
    .whereNull('used_at')
    .where('expires_at', '>', desk.clock.now())
    .first();
  if (row === undefined) throw new Unauthenticated('auth.link-invalid');
  return row;
}

// The update is the lock: of two simultaneous uses one finds the row already used.
async function consume(desk: Desk, token: string, purpose: Purpose): Promise<LinkRow> {
  const now = desk.clock.now();
  const [row]: LinkRow[] = await desk.storage.writeTx((tx) =>
    tx('sign_in_tokens')
      .where({ token_hash: tokenHash(token), purpose })
      .whereNull('used_at')
      .where('expires_at', '>', now)
      .update({ used_at: now })
      .returning(['id', 'purpose', 'user_id', 'email', 'return_to']),
  );
  if (row === undefined) throw new Unauthenticated('auth.link-invalid');
  return row;
}

async function release(desk: Desk, token: string, purpose: Purpose): Promise<void> {
  await desk.storage.writeTx((tx) =>
    tx('sign_in_tokens')
      .where({ token_hash: tokenHash(token), purpose })
      .update({ used_at: null }),
  );
}

async function refuseByVerdict(desk: Desk, userId: number): Promise<void> {
  const verdict = await desk.hooks.decide('auth.sign-in', { userId, method: 'link' });
  if (verdict !== undefined) throw new Forbidden('auth.refused', { message: verdict.reason });
}

async function confirmAddress(desk: Desk, email: string | null): Promise<void> {
  if (email === null) return;
  await desk.storage.writeTx((tx) =>
    tx('user_emails').where({ email_key: email.trim().toLowerCase() }).whereNull('confirmed_at').update({ confirmed_at: desk.clock.now() }),
  );
}

async function limit(desk: Desk, request: { email: string; ip?: string | undefined }): Promise<void> {
  if (!isEmailAddress(request.email.trim()))
    throw new Invalid('users.email-invalid', { email: request.email.slice(0, 320), fields: ['email'] });
  if (request.ip !== undefined) await desk.throttle.hit(`link-from:${request.ip}`, linkLimitPerClient);
  await desk.throttle.hit(`link:${request.email.trim().toLowerCase().slice(0, 150)}`, linkLimit);
}
