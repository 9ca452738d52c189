import { hash, verify } from '@node-rs/argon2';
import { Invalid } from '../kernel/errors.ts';

// OWASP password storage cheat sheet: Argon2id with 19 MiB, two passes, one lane.
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const minPasswordLength = 10;
const maxPasswordLength = 200;

/** @throws Invalid when the password is shorter than 10 or longer than 200 characters. */
export function hashPassword(password: string): Promise<string> {
  if (password.length < minPasswordLength) throw new Invalid('auth.password-short', { min: minPasswordLength, fields: ['password'] });
  if (password.length > maxPasswordLength) throw new Invalid('auth.password-long', { max: maxPasswordLength, fields: ['password'] });
  return hash(password.normalize('NFKC'), argon2id);
}

let decoy: Promise<string> | undefined;

/** Checks a password; without a stored hash it spends the same time, so that the answer does not tell who exists. */
export async function checkPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hash('no such person', argon2id);
  const matches = await verify(stored ?? (await decoy), password.slice(0, maxPasswordLength).normalize('NFKC')).catch(() => false);
  return stored !== null && matches;
}
