import { Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { fold } from '../i18n/index.ts';
import type { Desk } from '../desk.ts';
import { indexUser } from '../search/index.ts';
import { isAllowed, userIdOf, type Actor } from './actor.ts';
import { cleanName, refuseBeyondOwn } from './creating.ts';
import { emailKey } from './email-address.ts';
import type { Preferences, User } from './types.ts';
import { countAdministrators, emailsOf, findRole, findUser, findUserByEmail, insertEmail } from './users-repository.ts';

export interface UserChanges {
  readonly name?: string | undefined;
  readonly role?: string | undefined;
  readonly organizationId?: number | null | undefined;
  readonly locale?: string | null | undefined;
  readonly timeZone?: string | null | undefined;
  readonly colorScheme?: 'system' | 'light' | 'dark' | undefined;
  readonly notes?: string | null | undefined;
  readonly isActive?: boolean | undefined;
  readonly preferences?: Preferences | undefined;
  /** What the editor saw; a stale one is refused. */
  readonly version?: number | undefined;
}

const ownFields = new Set(['name', 'locale', 'timeZone', 'colorScheme', 'preferences', 'version']);

/**
 * Changes a person. Everybody may change their own name, language, zone and preferences.
 *
 * @throws Conflict `users.stale` when somebody edited in between, `users.last-administrator` when nobody could administer the desk any more.
 */
export async function editUser(desk: Desk, actor: Actor, id: number, changes: UserChanges): Promise<User> {
  const before = await findUser(desk.storage.read, id);
  if (before === undefined) throw new NotFound('users.not-found', { id });
  refuseUnlessAllowed(actor, before, changes);
  if (changes.role !== undefined && changes.role !== before.role.key) await refuseBeyondOwn(desk, actor, changes.role);
  const isDemotion = (changes.role !== undefined && changes.role !== before.role.key) || changes.isActive === false;
  if (isDemotion && before.role.kind === 'agent') await refuseBeyondOwn(desk, actor, before.role.key);
  return desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const row: Record<string, unknown> = { updated_at: now };
    if (changes.name !== undefined) {
      const name = cleanName(changes.name);
      if (name === '') throw new Invalid('users.name-missing', { fields: ['name'] });
      Object.assign(row, { name, folded: fold(name) });
    }
    if (changes.role !== undefined) {
      const role = await findRole(tx, changes.role);
      if (role === undefined) throw new Invalid('users.unknown-role', { role: changes.role });
      row['role_id'] = role.id;
    }
    if (changes.organizationId !== undefined) row['organization_id'] = changes.organizationId;
    if (changes.locale !== undefined) row['locale'] = changes.locale;
    if (changes.timeZone !== undefined) row['time_zone'] = changes.timeZone;
    if (changes.colorScheme !== undefined) row['color_scheme'] = changes.colorScheme === 'system' ? null : changes.colorScheme;
    if (changes.notes !== undefined) row['notes'] = changes.notes;
    if (changes.isActive !== undefined) row['is_active'] = changes.isActive;
    if (changes.preferences !== undefined) row['preferences'] = JSON.stringify({ ...before.preferences, ...changes.preferences });
    const updating = tx('users').where({ id });
    if (changes.version !== undefined) void updating.where({ version: changes.version });
    const updated = await updating.update({ ...row, version: tx.raw('version + 1') });
    if (updated !== 1) throw new Conflict('users.stale', { id });
    if ((await countAdministrators(tx)) === 0 && before.role.key === 'admin') throw new Conflict('users.last-administrator');
    if (changes.isActive === false) await tx('sessions').where({ user_id: id }).delete();
    await desk.events.record(tx, 'user.changed', {
      actor,
      payload: { userId: id, fields: Object.keys(changes).filter((key) => key !== 'version') },
    });
    const after = await findUser(tx, id);
    if (after === undefined) throw new NotFound('users.not-found', { id });
    await indexUser(tx, desk.storage.dialect, { id, name: after.name, emails: (await emailsOf(tx, id)).map(({ email }) => email) });
    return after;
  });
}

/**
 * Adds another address to a person.
 *
 * @throws Conflict `users.email-taken` when somebody has it already.
 */
export async function addEmail(desk: Desk, actor: Actor, userId: number, email: string): Promise<void> {
  await refuseForeignAddresses(desk, actor, userId);
  emailKey(email);
  await desk.storage.writeTx(async (tx) => {
    if (await findUserByEmail(tx, email)) throw new Conflict('users.email-taken', { email });
    await insertEmail(tx, { userId, email, isPrimary: false, confirmedAt: null, now: desk.clock.now() });
    const user = await findUser(tx, userId);
    if (user === undefined) throw new NotFound('users.not-found', { id: userId });
    await indexUser(tx, desk.storage.dialect, {
      id: userId,
      name: user.name,
      emails: (await emailsOf(tx, userId)).map((one) => one.email),
    });
    await desk.events.record(tx, 'user.changed', { actor, payload: { userId, fields: ['emails'] } });
  });
}

/** Makes one of the person's addresses the one that mail goes to. */
export async function makePrimary(desk: Desk, actor: Actor, userId: number, emailId: number): Promise<void> {
  await refuseForeignAddresses(desk, actor, userId);
  await desk.storage.writeTx(async (tx) => {
    const wanted = await tx('user_emails').where({ id: emailId, user_id: userId }).first('id');
    if (wanted === undefined) throw new NotFound('users.email-not-found', { emailId });
    await tx('user_emails').where({ user_id: userId }).update({ is_primary: false });
    await tx('user_emails').where({ id: emailId }).update({ is_primary: true });
    await desk.events.record(tx, 'user.changed', { actor, payload: { userId, fields: ['emails'] } });
  });
}

// Whoever reads an address can sign in by it: a way to write to an agent's addresses is a way to become that agent.
async function refuseForeignAddresses(desk: Desk, actor: Actor, userId: number): Promise<void> {
  const user = await findUser(desk.storage.read, userId);
  if (user === undefined) throw new NotFound('users.not-found', { id: userId });
  const needed = user.role.kind === 'agent' ? 'people.manage' : 'customers.edit';
  if (!isAllowed(actor, needed)) throw new Forbidden('auth.forbidden', { permission: needed });
  if (user.role.kind === 'agent') await refuseBeyondOwn(desk, actor, user.role.key);
}

function refuseUnlessAllowed(actor: Actor, user: User, changes: UserChanges): void {
  const isOwn = userIdOf(actor) === user.id && Object.keys(changes).every((key) => ownFields.has(key));
  const needed = user.role.kind === 'agent' || changes.role !== undefined ? 'people.manage' : 'customers.edit';
  if (!isOwn && !isAllowed(actor, needed)) throw new Forbidden('auth.forbidden', { permission: needed });
}
