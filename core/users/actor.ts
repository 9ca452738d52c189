/** Who does something. Every use case takes one, and every event names one. */
export type Actor = UserActor | SystemActor | PluginActor;

export interface UserActor {
  readonly kind: 'user';
  readonly userId: number;
  readonly name: string;
  readonly role: 'agent' | 'customer';
  readonly permissions: ReadonlySet<string>;
  readonly organizationId: number | null;
  /** Narrows the permissions when the actor came with an API token. */
  readonly scopes?: ReadonlySet<string>;
}

/** The desk itself: jobs, the command line, the set-up. */
export interface SystemActor {
  readonly kind: 'system';
}

export interface PluginActor {
  readonly kind: 'plugin';
  readonly plugin: string;
  /** The person on whose behalf the plugin acts, such as the sender of a mail. */
  readonly userId?: number;
  readonly rule?: string;
}

export const systemActor: SystemActor = { kind: 'system' };

/** Whether the actor holds a permission; `*` holds all, system and plugins act with the desk's own rights. */
export function isAllowed(actor: Actor, permission: string): boolean {
  if (actor.kind !== 'user') return true;
  const held = actor.permissions.has('*') || actor.permissions.has(permission);
  return (
    held && (actor.scopes === undefined || actor.scopes.has('*') || actor.scopes.has(permission) || actor.scopes.has(scopeOf(permission)))
  );
}

/** The person behind the actor, if there is one. */
export function userIdOf(actor: Actor): number | null {
  if (actor.kind === 'user') return actor.userId;
  return actor.kind === 'plugin' ? (actor.userId ?? null) : null;
}

export function isAgent(actor: Actor): boolean {
  return actor.kind !== 'user' || actor.role === 'agent';
}

// A token's scope may name a whole area ("tickets") instead of each permission in it.
function scopeOf(permission: string): string {
  return permission.split('.')[0] ?? permission;
}
