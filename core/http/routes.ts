import type { App } from '../app.ts';
import { adminRoutes } from '../admin/admin-routes.ts';
import { apiRoutes } from '../api/index.ts';
import { authRoutes } from '../auth/auth-routes.ts';
import { filesRoutes } from '../files/files-routes.ts';
import { portalRoutes } from '../portal/portal-routes.ts';
import { healthRoutes } from './health-routes.ts';
import type { Middleware } from './request-state.ts';

/** The pages and interfaces of core, in the order they are asked. */
export function coreRoutes(app: App): readonly Middleware[] {
  return [healthRoutes(app), apiRoutes(app), authRoutes(app), portalRoutes(app), filesRoutes(app), ...adminRoutes(app)];
}
