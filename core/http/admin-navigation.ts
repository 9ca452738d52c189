import type { LinkView, Sentence } from '../ui/types.ts';
import { isAllowed } from '../users/index.ts';
import type { Context } from './request-state.ts';

interface NavLink {
  readonly href: string;
  readonly key: string;
  readonly icon: string;
  readonly permission: string;
}

const groups: readonly { readonly title: string; readonly links: readonly NavLink[] }[] = [
  {
    title: 'admin.nav.general',
    links: [
      { href: '/admin', key: 'admin.overview', icon: 'layout-dashboard', permission: 'system.view' },
      { href: '/admin/mailboxes', key: 'admin.mailboxes', icon: 'mail', permission: 'settings.manage' },
      { href: '/admin/settings', key: 'admin.settings', icon: 'settings', permission: 'settings.manage' },
    ],
  },
  {
    title: 'admin.nav.people',
    links: [
      { href: '/admin/people', key: 'admin.people', icon: 'users', permission: 'people.manage' },
      { href: '/admin/organizations', key: 'admin.organizations', icon: 'building-2', permission: 'people.manage' },
      { href: '/admin/roles', key: 'admin.roles', icon: 'shield', permission: 'people.manage' },
    ],
  },
  {
    title: 'admin.nav.tickets',
    links: [
      { href: '/admin/statuses', key: 'admin.statuses', icon: 'circle-dot', permission: 'settings.manage' },
      { href: '/admin/tags', key: 'admin.tags', icon: 'tag', permission: 'settings.manage' },
    ],
  },
  {
    title: 'admin.nav.extend',
    links: [
      { href: '/admin/plugins', key: 'admin.plugins', icon: 'puzzle', permission: 'plugins.manage' },
      { href: '/admin/themes', key: 'admin.themes', icon: 'palette', permission: 'plugins.manage' },
    ],
  },
  {
    title: 'admin.nav.system',
    links: [
      { href: '/admin/health', key: 'admin.health', icon: 'activity', permission: 'system.view' },
      { href: '/admin/tokens', key: 'admin.tokens', icon: 'key-round', permission: 'people.manage' },
    ],
  },
];

/** The navigation of the admin pages, of core and of plugins alike: what this person may open. */
export function adminNavigation(ctx: Context): readonly { readonly title: Sentence; readonly links: readonly LinkView[] }[] {
  const { actor } = ctx.state;
  const isCurrent = (href: string): boolean =>
    href === '/admin' ? ctx.path === href : ctx.path === href || ctx.path.startsWith(`${href}/`);
  return groups
    .map(({ title, links }) => ({
      title: { key: title },
      links: links
        .filter(({ permission }) => actor !== undefined && isAllowed(actor, permission))
        .map(({ href, key, icon }) => ({ href, label: { key }, icon, current: isCurrent(href) })),
    }))
    .filter(({ links }) => links.length > 0);
}
