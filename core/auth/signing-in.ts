import { Forbidden, Unauthenticated } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { findUserByEmail, passwordHashOf, type User } from '../users/index.ts';
import { checkPassword } from './passwords.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly ip?: string | undefined;
}

const perAddress = { hits: 10, windowMs: 15 * 60_000 };
const perClient = { hits: 50, windowMs: 15 * 60_000 };

/**
 * Checks an address and its password. Unknown people, people without a password and wrong
 * passwords take the same time and get the same answer.
 *
 * @throws Unauthenticated `auth.wrong-credentials`, TooMany after 10 tries for one address in 15 minutes,
 * Forbidden when a plugin refuses the sign-in.
 */
export async function signIn(desk: Desk, credentials: Credentials): Promise<User> {
  const key = `sign-in:${credentials.email.trim().toLowerCase().slice(0, 150)}`;
  if (credentials.ip !== undefined) await desk.throttle.hit(`sign-in-from:${credentials.ip}`, perClient);
  await desk.throttle.hit(key, perAddress);
  const user = await findUserByEmail(desk.storage.read, credentials.email);
  const stored = user === undefined ? null : await passwordHashOf(desk.storage.read, user.id);
  const isRight = await checkPassword(stored, credentials.password);
  if (user === undefined || !isRight || !user.isActive || user.deletedAt !== null) throw new Unauthenticated('auth.wrong-credentials');
  const verdict = await desk.hooks.decide('auth.sign-in', { userId: user.id, method: 'password' });
  if (verdict !== undefined) throw new Forbidden('auth.refused', { message: verdict.reason });
  await desk.throttle.clear(key);
  return user;
}
