export { deletePluginData } from './plugin-routes.ts';
export { adminRoutes } from './admin-routes.ts';
