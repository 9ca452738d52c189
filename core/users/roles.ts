import { Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { isAllowed, type Actor } from './actor.ts';
import { cleanName } from './creating.ts';
import type { Role } from './types.ts';
import { findRole } from './users-repository.ts';

/** Every permission core knows. Plugins add theirs as `<slug>.<thing>.<verb>`. */
export const corePermissions = [
  'tickets.view',
  'tickets.reply',
  'tickets.note',
  'tickets.edit',
  'tickets.delete',
  'customers.view',
  'customers.edit',
  'customers.privacy',
  'people.manage',
  'settings.manage',
  'plugins.manage',
  'system.view',
] as const;

export interface RoleInput {
  readonly name: string;
  readonly kind?: 'agent' | 'customer' | undefined;
  readonly permissions: readonly string[];
  readonly version?: number | undefined;
}

/**
 * Creates a role, or changes the one with `key`. The administrator role cannot be changed.
 *
 * @throws Forbidden when the role would hold a permission that the actor lacks.
 */
export async function saveRole(desk: Desk, actor: Actor, input: RoleInput, key?: string): Promise<Role> {
  if (!isAllowed(actor, 'people.manage')) throw new Forbidden('auth.forbidden', { permission: 'people.manage' });
  const name = cleanName(input.name);
  if (name === '') throw new Invalid('roles.name-missing', { fields: ['name'] });
  if (key === 'admin') throw new Conflict('roles.administrator-fixed');
  const tooMuch = input.permissions.find((permission) => !isAllowed(actor, permission));
  if (tooMuch !== undefined) throw new Forbidden('roles.beyond-own', { permission: tooMuch });
  return desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const row = { name, permissions: JSON.stringify([...new Set(input.permissions)].toSorted()), updated_at: now };
    const savedKey = key ?? `role-${now.toString(36)}`;
    if (key === undefined) await tx('roles').insert({ ...row, key: savedKey, kind: input.kind ?? 'agent', created_at: now });
    else {
      const updating = tx('roles').where({ key });
      if (input.version !== undefined) void updating.where({ version: input.version });
      if ((await updating.update({ ...row, version: tx.raw('version + 1') })) !== 1) throw new Conflict('roles.stale', { key });
    }
    await desk.events.record(tx, 'role.saved', { actor, payload: { role: savedKey } });
    const role = await findRole(tx, savedKey);
    if (role === undefined) throw new NotFound('roles.not-found', { key: savedKey });
    return role;
  });
}
