import type { Translator } from '../i18n/index.ts';
import type { OptionView } from '../ui/types.ts';
import type { Timestamp } from '../kernel/clock.ts';
import { Forbidden, Invalid, NotFound, Unauthenticated } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { corePermissions, findUser, isAllowed, userIdOf, type Actor, type UserActor } from '../users/index.ts';
import { actorOf } from './sessions.ts';
import { newToken, tokenHash } from './tokens.ts';

export interface ApiToken {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  /** The first characters, to tell tokens apart. */
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly createdAt: Timestamp;
  readonly lastUsedAt: Timestamp | null;
}

const prefix = 'hd_';

/** `*`, an area such as `tickets`, or one permission. */
const knownScopes: readonly string[] = [
  '*',
  ...new Set(corePermissions.map((permission) => permission.split('.')[0] ?? permission)),
  ...corePermissions,
];

/** What a scope allows, in the reader's language. */
export function scopeName(translator: Translator, scope: string): string {
  if (scope === '*') return translator.t('scope.all');
  return translator.t(scope.includes('.') ? `permission.${scope}` : `scope.${scope}`);
}

/** The scopes a new token can have; at first it may do all its owner may do. */
export function scopeOptions(translator: Translator): readonly OptionView[] {
  return knownScopes.map((scope) => ({ value: scope, label: scopeName(translator, scope), selected: scope === '*' }));
}

/**
 * Makes a token that acts as its user within the scopes; the token itself is returned once and never stored.
 *
 * @throws Invalid `auth.unknown-scope`.
 */
export async function createApiToken(
  desk: Desk,
  actor: Actor,
  input: { userId: number; name: string; scopes: readonly string[] },
): Promise<{ token: string; id: number }> {
  if (userIdOf(actor) !== input.userId && !isAllowed(actor, 'people.manage'))
    throw new Forbidden('auth.forbidden', { permission: 'people.manage' });
  const unknown = input.scopes.find((scope) => !knownScopes.includes(scope));
  if (unknown !== undefined || input.scopes.length === 0)
    throw new Invalid('auth.unknown-scope', { scope: unknown ?? '', known: knownScopes });
  const token = prefix + newToken();
  const id = await desk.storage.writeTx(async (tx) => {
    const [row]: { id: number }[] = await tx('api_tokens')
      .insert({
        user_id: input.userId,
        name: input.name.slice(0, 100),
        token_hash: tokenHash(token),
        hint: token.slice(0, 8),
        scopes: JSON.stringify(input.scopes),
        created_at: desk.clock.now(),
      })
      .returning('id');
    return row?.id ?? 0;
  });
  return { token, id };
}

/** @throws Unauthenticated `auth.token-invalid`. */
export async function actorOfToken(desk: Desk, token: string): Promise<UserActor> {
  const row = await desk.storage
    .read('api_tokens')
    .where({ token_hash: tokenHash(token) })
    .whereNull('revoked_at')
    .first();
  const user = row === undefined ? undefined : await findUser(desk.storage.read, row.user_id);
  if (row === undefined || user === undefined || !user.isActive || user.deletedAt !== null) throw new Unauthenticated('auth.token-invalid');
  const now = desk.clock.now();
  if ((row.last_used_at ?? 0) < now - 60_000)
    await desk.storage.writeTx((tx) => tx('api_tokens').where({ id: row.id }).update({ last_used_at: now }));
  return actorOf(user, JSON.parse(row.scopes));
}

/** Tokens of one person, or of everybody. */
export async function listApiTokens(desk: Desk, userId?: number): Promise<readonly ApiToken[]> {
  const query = desk.storage.read('api_tokens').whereNull('revoked_at').orderBy('id', 'desc').limit(200);
  if (userId !== undefined) void query.where({ user_id: userId });
  const rows = await query;
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    name: row.name,
    hint: row.hint,
    scopes: JSON.parse(row.scopes),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** @throws NotFound when the token does not exist or is somebody else's. */
export async function revokeApiToken(desk: Desk, actor: Actor, id: number): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const revoking = tx('api_tokens').where({ id }).whereNull('revoked_at');
    if (!isAllowed(actor, 'people.manage')) void revoking.where({ user_id: userIdOf(actor) ?? 0 });
    if ((await revoking.update({ revoked_at: desk.clock.now() })) !== 1) throw new NotFound('auth.token-not-found', { id });
  });
}
