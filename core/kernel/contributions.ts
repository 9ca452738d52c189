import type { RouterMiddleware } from '@koa/router';
import { Conflict, Invalid } from './errors.ts';
import type { SlotContribution } from './slots.ts';
import type { TemplateHelper } from './templates.ts';

export type Area = 'portal' | 'desk' | 'admin' | 'api';

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below the plugin's own address, such as `/articles/:id`. */
  readonly path: string;
  /** Who may use it; a route without one says `public: true`. */
  readonly permission?: string;
  readonly public?: true;
  readonly handler: RouterMiddleware;
  /** For whoever guards the routes: body limits, schemas and the like. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface RouteContribution {
  readonly area: Area;
  /** A portal address of its own, such as `/kb`; without it the routes are under `/p/<id>`. */
  readonly at?: string;
  readonly routes: readonly Route[];
}

/**
 * Everything a plugin can register besides hooks, by kind. Core adds menus, jobs, settings and
 * others by declaration merging, so that the kernel need not know what a help desk is.
 */
export interface Contributions {
  readonly route: RouteContribution;
  readonly slot: SlotContribution;
  readonly helper: Pick<TemplateHelper, 'name' | 'run'>;
}

export type ContributionKind = Extract<keyof Contributions, string>;

export interface Owned<K extends ContributionKind = ContributionKind> {
  readonly plugin: string;
  readonly kind: K;
  readonly value: Contributions[K];
}

export function isRoute(one: Owned): one is Owned<'route'> {
  return one.kind === 'route';
}

/** @throws Invalid `plugins.route-open` or `plugins.route-path`, Conflict `plugins.route-taken`. */
export function checkRoutes(
  plugin: string,
  { area, at, routes }: RouteContribution,
  others: readonly Owned<'route'>[],
  reserved: readonly string[],
): void {
  const open = routes.find(({ permission, public: isPublic }) => (permission === undefined) === (isPublic !== true));
  if (open !== undefined) {
    const message = `${plugin}: the ${area} route ${open.method.toUpperCase()} ${open.path} needs either a permission or public: true.`;
    throw new Invalid('plugins.route-open', { plugin, path: open.path, message });
  }
  if (at === undefined) return;
  if (area !== 'portal' || !/^(\/[a-z0-9][a-z0-9-]*)+$/.test(at)) {
    throw new Invalid('plugins.route-path', { plugin, path: at, message: `${plugin}: ${at} is not an address that a plugin can have.` });
  }
  const owner = reserved.some((path) => covers(path, at) || covers(at, path))
    ? 'core'
    : others.find((one) => one.plugin !== plugin && one.value.at === at)?.plugin;
  if (owner !== undefined)
    throw new Conflict('plugins.route-taken', { plugin, path: at, message: `${plugin}: the address ${at} belongs to ${owner}.` });
}

function covers(path: string, other: string): boolean {
  return path === other || other.startsWith(`${path}/`);
}
