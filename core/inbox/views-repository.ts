import type { Desk } from '../desk.ts';
import { Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import type { Reader } from '../storage/index.ts';
import { cleanName, isAllowed, userIdOf, type Actor } from '../users/index.ts';
import { parseFilter } from './filter.ts';

export interface View {
  readonly id: number;
  readonly key: string;
  readonly names: Readonly<Record<string, string>>;
  readonly filter: string;
  /** Null: shared with the team. */
  readonly userId: number | null;
  readonly isBuiltin: boolean;
}

/** Views the actor has: the built-in, the shared, their own. */
export async function listViews(reader: Reader, actor: Actor): Promise<readonly View[]> {
  const rows = await reader('views')
    .whereNull('user_id')
    .orWhere({ user_id: userIdOf(actor) ?? 0 })
    .orderBy(['position', 'id']);
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    names: JSON.parse(row.names),
    filter: row.filter,
    userId: row.user_id,
    isBuiltin: Boolean(row.is_builtin),
  }));
}

/** Saves a filter under a name. @throws Invalid for a filter that does not parse. */
export async function saveView(
  desk: Desk,
  actor: Actor,
  input: { name: string; filter: string; isShared: boolean },
  id?: number,
): Promise<string> {
  const name = cleanName(input.name);
  if (name === '') throw new Invalid('views.name-missing', { fields: ['name'] });
  if (input.isShared && !isAllowed(actor, 'settings.manage')) throw new Forbidden('auth.forbidden', { permission: 'settings.manage' });
  parseFilter(input.filter);
  const now = desk.clock.now();
  const row = {
    names: JSON.stringify({ en: name, tr: name }),
    filter: input.filter,
    user_id: input.isShared ? null : userIdOf(actor),
    updated_at: now,
  };
  return desk.storage.writeTx(async (tx) => {
    if (id === undefined) {
      const key = `view-${now.toString(36)}`;
      await tx('views').insert({ ...row, key, position: 100, created_at: now });
      return key;
    }
    const [saved]: { key: string }[] = await tx('views')
      .where({ id, is_builtin: false })
      .whereRaw('(user_id is null or user_id = ?)', [userIdOf(actor) ?? 0])
      .update(row)
      .returning('key');
    if (saved === undefined) throw new NotFound('views.not-found', { id });
    return saved.key;
  });
}

export async function removeView(desk: Desk, actor: Actor, id: number): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const removing = tx('views').where({ id, is_builtin: false });
    if (!isAllowed(actor, 'settings.manage')) void removing.where({ user_id: userIdOf(actor) ?? 0 });
    if ((await removing.delete()) !== 1) throw new NotFound('views.not-found', { id });
  });
}
