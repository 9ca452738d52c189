import { Forbidden, Unauthenticated } from '../kernel/errors.ts';
import type { GuardedRoute } from '../kernel/router-dispatch.ts';
import { isAllowed } from '../users/index.ts';
import type { Context } from './request-state.ts';

/** Lets through who may use a plugin's route. @throws Unauthenticated, Forbidden. */
export function guardPluginRoute(ctx: Context, route: GuardedRoute): void {
  const { actor } = ctx.state;
  if (route.public === true) return;
  if (actor === undefined) throw new Unauthenticated('auth.sign-in-needed');
  if (route.permission !== undefined && !isAllowed(actor, route.permission))
    throw new Forbidden('auth.forbidden', { permission: route.permission });
  if ((route.area === 'desk' || route.area === 'admin') && actor.role !== 'agent')
    throw new Forbidden('auth.forbidden', { permission: route.permission });
}
