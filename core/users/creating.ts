import { Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { fold } from '../i18n/index.ts';
import type { Desk } from '../desk.ts';
import { indexUser } from '../search/index.ts';
import { isUniqueViolation, type Tx } from '../storage/index.ts';
import { isAllowed, type Actor } from './actor.ts';
import { emailKey } from './email-address.ts';
import type { User } from './types.ts';
import { findRole, findUser, findUserByEmail, insertEmail, organizationOfDomain } from './users-repository.ts';

export interface NewUser {
  readonly name?: string | undefined;
  readonly email: string;
  /** Key of a role; default `customer`. */
  readonly role?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly organizationId?: number | null | undefined;
  readonly locale?: string | undefined;
  readonly timeZone?: string | undefined;
  /** True when the address was proven, by a link or by an administrator. */
  readonly isConfirmed?: boolean | undefined;
}

/**
 * Creates a person with one address.
 *
 * @throws Forbidden when the actor may not create this kind of person.
 * @throws Conflict `users.email-taken` when somebody has the address.
 */
export async function createUser(desk: Desk, actor: Actor, input: NewUser): Promise<User> {
  const role = input.role ?? 'customer';
  if (!isAllowed(actor, role === 'customer' ? 'customers.edit' : 'people.manage'))
    throw new Forbidden('auth.forbidden', { permission: role === 'customer' ? 'customers.edit' : 'people.manage' });
  await refuseBeyondOwn(desk, actor, role);
  return refuseTakenAddress(input.email, () =>
    desk.storage.writeTx(async (tx) => {
      const user = await insertUser(desk, tx, input);
      await desk.events.record(tx, 'user.created', { actor, payload: { userId: user.id, role } });
      return user;
    }),
  );
}

/** @throws Forbidden `roles.beyond-own` when the role holds a permission that the actor lacks. */
export async function refuseBeyondOwn(desk: Desk, actor: Actor, key: string): Promise<void> {
  const role = await findRole(desk.storage.read, key);
  const tooMuch = role?.permissions.find((permission) => !isAllowed(actor, permission));
  if (tooMuch !== undefined) throw new Forbidden('roles.beyond-own', { permission: tooMuch });
}

// Two requests created the same address in the same moment, and the index let one pass.
async function refuseTakenAddress<T>(email: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw new Conflict('users.email-taken', { email }, { cause: error });
    throw error;
  }
}

/** Finds the person with this address or creates a customer; the two steps are one inside the transaction. */
export async function findOrCreateCustomer(
  desk: Desk,
  tx: Tx,
  person: { email: string; name?: string | undefined; locale?: string | undefined },
): Promise<User> {
  const known = await findUserByEmail(tx, person.email);
  if (known !== undefined) return known;
  const created = await insertUser(desk, tx, person);
  await desk.events.record(tx, 'user.created', { actor: { kind: 'system' }, payload: { userId: created.id, role: 'customer' } });
  return created;
}

async function insertUser(desk: Desk, tx: Tx, input: NewUser): Promise<User> {
  const key = emailKey(input.email);
  if (await findUserByEmail(tx, key)) throw new Conflict('users.email-taken', { email: input.email });
  const role = await findRole(tx, input.role ?? 'customer');
  if (role === undefined) throw new Invalid('users.unknown-role', { role: input.role });
  const now = desk.clock.now();
  const name = cleanName(input.name) || (key.split('@')[0] ?? key);
  const domain = key.slice(key.indexOf('@') + 1);
  const organizationId =
    input.organizationId === undefined && role.kind === 'customer'
      ? await organizationOfDomain(tx, domain)
      : (input.organizationId ?? null);
  const [row]: { id: number }[] = await tx('users')
    .insert({
      name,
      folded: fold(name),
      role_id: role.id,
      organization_id: organizationId,
      locale: input.locale ?? null,
      time_zone: input.timeZone ?? null,
      password_hash: input.passwordHash ?? null,
      created_at: now,
      updated_at: now,
    })
    .returning('id');
  const id = row?.id ?? 0;
  await insertEmail(tx, { userId: id, email: input.email, isPrimary: true, confirmedAt: input.isConfirmed === true ? now : null, now });
  const user = await findUser(tx, id);
  if (user === undefined) throw new NotFound('users.not-found');
  await indexUser(tx, desk.storage.dialect, { id, name, emails: [input.email] });
  return user;
}

/** One line without control characters, at most 200 characters. */
export function cleanName(name: string | undefined): string {
  return (name ?? '')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}
