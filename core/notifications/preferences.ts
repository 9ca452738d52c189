import type { User } from '../users/index.ts';
import type { NotificationKind } from './notifications-repository.ts';

/** What an agent gets without having chosen: everything in the app, by mail only what concerns them. */
const defaults: Readonly<Record<NotificationKind, { readonly inApp: boolean; readonly byMail: boolean }>> = {
  'new-ticket': { inApp: true, byMail: false },
  assigned: { inApp: true, byMail: true },
  'customer-replied': { inApp: true, byMail: true },
  mentioned: { inApp: true, byMail: true },
  'delivery-failed': { inApp: true, byMail: true },
  'plugin-stopped': { inApp: true, byMail: true },
};

/** What one agent chose for a kind, or its default. */
export function preferenceOf(user: User, kind: NotificationKind): { readonly inApp: boolean; readonly byMail: boolean } {
  return user.preferences.notifications?.[kind] ?? defaults[kind];
}
