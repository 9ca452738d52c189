import { apiRoutes } from '../api/index.ts';
import type { App } from '../app.ts';
import { healthRoutes } from './health-routes.ts';
import type { Middleware } from './request-state.ts';

/** The pages and interfaces of core, in the order they are asked. */
export function coreRoutes(app: App): readonly Middleware[] {
  return [healthRoutes(app), apiRoutes(app)];
}
