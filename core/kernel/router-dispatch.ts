import Router from '@koa/router';
import type { Context, Middleware, Next } from 'koa';
import type { Area, Owned, Route } from './contributions.ts';
import { AppError } from './errors.ts';
import { placeOf } from './gauge.ts';
import type { Oversight } from './oversight.ts';
import { currentScope, isSkipped, runAsPlugin } from './scope.ts';
import type { Snapshot } from './snapshot.ts';

/** A route with the plugin that owns it. */
export interface GuardedRoute extends Route {
  readonly plugin: string;
  readonly area: Area;
}

export interface DispatchPorts {
  readonly snapshot: () => Snapshot;
  /** Runs before each handler; throws when this person may not use the route. */
  readonly guard: (ctx: Context, route: GuardedRoute) => void | Promise<void>;
  readonly oversight?: Oversight;
}

interface Mount {
  readonly plugin: string;
  readonly prefix: string;
  readonly serve: Middleware;
}

const areaPaths = { portal: '/p', desk: '/desk/p', admin: '/admin/p', api: '/api/v1/p' };
const pinned = new WeakMap<object, Snapshot>();

/** The snapshot this request began with; changes made meanwhile do not reach it. */
export function snapshotOf(ctx: object, current: () => Snapshot): Snapshot {
  const known = pinned.get(ctx);
  if (known !== undefined) return known;
  const snapshot = current();
  pinned.set(ctx, snapshot);
  return snapshot;
}

/** Gives a request another snapshot than the current one; only before anything looked at it. */
export function pinSnapshot(ctx: object, snapshot: Snapshot): void {
  pinned.set(ctx, snapshot);
}

/** One middleware for the pages of all plugins: @koa/router cannot take routes back, so each snapshot has its own routers. */
export function dispatchPlugins({ snapshot, ...ports }: DispatchPorts): Middleware {
  const tables = new WeakMap<Snapshot, ReadonlyMap<string, readonly Mount[]>>();

  return async (ctx, next) => {
    const current = snapshotOf(ctx, snapshot);
    const table = tables.get(current) ?? buildTable(current, ports);
    tables.set(current, table);
    await serve(mountsFor(table, ctx.path), ctx, next);
  };
}

async function serve([mount, ...others]: readonly Mount[], ctx: Context, next: Next): Promise<void> {
  if (mount === undefined) await next();
  else if (isSkipped(mount.plugin, currentScope())) await serve(others, ctx, next);
  else await mount.serve(ctx, () => serve(others, ctx, next));
}

/** Where the routes of a contribution begin. */
export function prefixOf({ plugin, value }: Pick<Owned<'route'>, 'plugin' | 'value'>): string {
  return value.at ?? `${areaPaths[value.area]}/${plugin}`;
}

/** The address of a route as people read it. */
export function addressOf(prefix: string, { method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method.toUpperCase()} ${prefix}${path === '/' ? '' : path}`;
}

type MountPorts = Omit<DispatchPorts, 'snapshot'>;

function buildTable(snapshot: Snapshot, ports: MountPorts): ReadonlyMap<string, readonly Mount[]> {
  const byPrefix = new Map<string, Mount[]>();
  for (const { plugin, value } of snapshot.routes) {
    const prefix = prefixOf({ plugin, value });
    const mount = { plugin, prefix, serve: routerFor({ plugin, kind: 'route', value }, prefix, ports) };
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), mount]);
  }
  return byPrefix;
}

function routerFor({ plugin, value }: Owned<'route'>, prefix: string, { guard, oversight }: MountPorts): Middleware {
  const router = new Router({ prefix });
  for (const route of value.routes) {
    const guarded: GuardedRoute = { ...route, plugin, area: value.area };
    router.register(route.path, [route.method.toUpperCase()], async (ctx, next) => {
      await guard(ctx, guarded);
      const work = async () => route.handler(ctx, next);
      if (oversight === undefined) return runAsPlugin(plugin, work);
      const name = addressOf(prefix, route);
      try {
        return await oversight.run(plugin, 'route', name, work);
      } catch (error) {
        // The request answers for it; a route is not skipped, because nobody else would serve its page.
        if (!(error instanceof AppError)) {
          oversight.noteFailure(plugin, 'route', name);
          oversight.onFault({ plugin, hook: placeOf('route', name), kind: 'throw', error });
        }
        throw error;
      }
    });
  }
  const [routes, methods] = [router.routes(), router.allowedMethods()];
  return (ctx, next) => routes(ctx as Parameters<typeof routes>[0], () => methods(ctx as Parameters<typeof methods>[0], next));
}

// The longest prefix first; a path has few segments, so this beats asking every router.
function mountsFor(table: ReadonlyMap<string, readonly Mount[]>, path: string): readonly Mount[] {
  const found: Mount[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) found.push(...(table.get(path.slice(0, end)) ?? []));
  return found;
}
