import type { Desk } from '../desk.ts';
import { Forbidden, Invalid } from '../kernel/errors.ts';
import { passwordHashOf } from '../users/index.ts';
import { checkPassword } from './passwords.ts';
import type { Session } from './sessions.ts';

const freshMs = 10 * 60_000;
const tries = { hits: 10, windowMs: 15 * 60_000 };

/**
 * For what a forgotten, open browser must not do: the person must have signed in, or typed their
 * password again, within ten minutes. The page that answers sends them to do so and back to `next`.
 *
 * @throws Forbidden `auth.confirm-needed`.
 */
export function requireConfirmed(desk: Desk, session: Session | undefined, next: string): void {
  if (session === undefined || (session.confirmedAt ?? 0) < desk.clock.now() - freshMs)
    throw new Forbidden('auth.confirm-needed', { next });
}

/** Notes that the person of a session typed their password. @throws Invalid `auth.password-wrong`, TooMany after 10 tries in 15 minutes. */
export async function confirmSession(desk: Desk, session: Session, password: string): Promise<void> {
  await desk.throttle.hit(`password:${session.userId}`, tries);
  const stored = await passwordHashOf(desk.storage.read, session.userId);
  if (!(await checkPassword(stored, password))) throw new Invalid('auth.password-wrong', { fields: ['password'] });
  await desk.throttle.clear(`password:${session.userId}`);
  await desk.storage.writeTx((tx) => tx('sessions').where({ id: session.id }).update({ confirmed_at: desk.clock.now() }));
}
