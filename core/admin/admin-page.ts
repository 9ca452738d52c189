import type { App } from '../app.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import { signedIn, type Context } from '../http/request-state.ts';
import { Forbidden } from '../kernel/errors.ts';
import type { SlotName } from '../kernel/slots.ts';
import type { FormErrorsView, LinkView, Sentence } from '../ui/types.ts';
import { isAllowed, type UserActor } from '../users/index.ts';

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

export interface AdminPage {
  readonly template: string;
  readonly title: Sentence;
  readonly view: object;
  readonly slots?: { readonly names: readonly SlotName[]; readonly input: unknown } | undefined;
  /** What refused the form of this page; the page is shown again with it. */
  readonly error?: unknown;
}

/** Who may administer what. @throws Unauthenticated, Forbidden with the permission that is missing. */
export function administrator(ctx: Context, permission: string): UserActor {
  const { actor } = signedIn(ctx);
  if (actor.role !== 'agent' || !isAllowed(actor, permission)) throw new Forbidden('auth.forbidden', { permission });
  return actor;
}

/** Renders an admin page with the navigation that this person may use. */
export async function renderAdmin({ pages }: App, ctx: Context, page: AdminPage): Promise<void> {
  const { actor, translator } = ctx.state;
  const isCurrent = (href: string): boolean =>
    href === '/admin' ? ctx.path === href : ctx.path === href || ctx.path.startsWith(`${href}/`);
  const linksOf = (links: readonly NavLink[]): readonly LinkView[] =>
    links
      .filter(({ permission }) => actor !== undefined && isAllowed(actor, permission))
      .map(({ href, key, icon }) => ({ href, label: { key }, icon, current: isCurrent(href) }));
  const shown = groups
    .map(({ title, links }) => ({ title: { key: title }, links: linksOf(links) }))
    .filter(({ links }) => links.length > 0);
  const errors: FormErrorsView | undefined = page.error === undefined ? undefined : formErrors(page.error);
  await pages.render(ctx, {
    area: 'admin',
    template: page.template,
    title: translator.t(page.title.key, page.title.params),
    view: { ...page.view, ...(errors === undefined ? {} : { errors }) },
    layout: { groups: shown },
    slots: { names: ['admin.notices', ...(page.slots?.names ?? [])], input: page.slots?.input ?? {} },
    ...(page.error === undefined ? {} : { status: statusOfError(page.error) }),
  });
}

/** After a form: 303, so that reloading does not send it again. */
export function see(ctx: Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}
