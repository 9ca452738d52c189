import type { App } from '../app.ts';
import type { Middleware } from '../http/request-state.ts';
import { mailSignInRoutes } from './mail-sign-in-routes.ts';
import { mailboxRoutes } from './mailbox-routes.ts';
import { organizationRoutes } from './organization-routes.ts';
import { peopleRoutes } from './people-routes.ts';
import { pluginInstallRoutes } from './plugin-install-routes.ts';
import { pluginRoutes } from './plugin-routes.ts';
import { referenceRoutes } from './reference-routes.ts';
import { roleRoutes } from './role-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import { systemRoutes } from './system-routes.ts';
import { themeMailRoutes } from './theme-mail-routes.ts';
import { themePreviewRoutes } from './theme-preview-routes.ts';
import { themeRoutes } from './theme-routes.ts';
import { tokenRoutes } from './token-routes.ts';

/** Everything under `/admin` that belongs to core. */
export function adminRoutes(app: App): readonly Middleware[] {
  return [
    systemRoutes(app),
    mailSignInRoutes(app),
    mailboxRoutes(app),
    peopleRoutes(app),
    organizationRoutes(app),
    roleRoutes(app),
    tokenRoutes(app),
    settingsRoutes(app),
    themeRoutes(app),
    themePreviewRoutes(app),
    themeMailRoutes(app),
    pluginInstallRoutes(app),
    pluginRoutes(app),
    referenceRoutes(app),
  ];
}
