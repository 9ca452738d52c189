import type { App } from '../app.ts';
import { adminRoutes } from '../admin/admin-routes.ts';
import { apiRoutes } from '../api/index.ts';
import { authRoutes } from '../auth/auth-routes.ts';
import { filesRoutes } from '../files/files-routes.ts';
import { inboxRoutes } from '../inbox/inbox-routes.ts';
import { searchRoutes } from '../inbox/search-routes.ts';
import { lookRoutes } from '../theme/look-routes.ts';
import { liveRoutes } from '../live/live-routes.ts';
import { notificationRoutes } from '../notifications/desk-routes.ts';
import { portalRoutes } from '../portal/portal-routes.ts';
import { ticketDeskRoutes } from '../tickets/desk-routes.ts';
import { customerRoutes } from '../users/customer-routes.ts';
import { privacyRoutes } from '../privacy/privacy-routes.ts';
import { profileRoutes } from '../users/profile-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { slotRoutes } from './slot-routes.ts';
import type { Middleware } from './request-state.ts';

/** The pages and interfaces of core, in the order they are asked. */
export function coreRoutes(app: App): readonly Middleware[] {
  const desk = [
    inboxRoutes(app),
    searchRoutes(app),
    ...ticketDeskRoutes(app),
    notificationRoutes(app),
    profileRoutes(app),
    customerRoutes(app),
    privacyRoutes(app),
  ];
  return [
    healthRoutes(app),
    apiRoutes(app),
    authRoutes(app),
    lookRoutes(app),
    portalRoutes(app),
    filesRoutes(app),
    ...desk,
    liveRoutes(app),
    slotRoutes(app),
    ...adminRoutes(app),
  ];
}

/** Addresses of core, which no plugin may claim. */
export const reservedPaths = [
  '/desk',
  '/admin',
  '/api',
  '/assets',
  '/health',
  '/sign-in',
  '/sign-out',
  '/setup',
  '/reset',
  '/tickets',
  '/messages',
  '/account',
  '/locale',
  '/files',
  '/content',
  '/events',
  '/slots',
  '/theme',
  '/theme.css',
  '/p',
];
