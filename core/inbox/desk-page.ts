import type { App } from '../app.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import { signedIn, type Context } from '../http/request-state.ts';
import { Forbidden } from '../kernel/errors.ts';
import type { SlotName } from '../kernel/slots.ts';
import type { DeskLayoutView, Sentence, StatusView, ViewsNavView } from '../ui/types.ts';
import type { Status } from '../tickets/index.ts';
import { isAllowed, type User, type UserActor } from '../users/index.ts';

/** The signed-in agent, who also holds the permission if one is named. @throws Unauthenticated, Forbidden. */
export function agent(ctx: Context, permission?: string): { readonly actor: UserActor; readonly user: User } {
  const { actor, user } = signedIn(ctx);
  if (actor.role !== 'agent' || (permission !== undefined && !isAllowed(actor, permission)))
    throw new Forbidden('auth.forbidden', { permission: permission ?? 'desk.open' });
  return { actor, user };
}

export interface DeskPage {
  readonly template: string;
  readonly title: Sentence | string;
  readonly view: object;
  readonly place: DeskLayoutView['place'];
  /** Views beside the page; it then fills the frame. */
  readonly nav?: ViewsNavView | undefined;
  readonly slots?: { readonly names: readonly SlotName[]; readonly input: unknown } | undefined;
  /** What the form was refused for; the page comes back with its status. */
  readonly error?: unknown;
}

/** Renders a page of the desk in its frame. */
export async function renderDesk({ pages }: App, ctx: Context, page: DeskPage): Promise<void> {
  const errors = page.error === undefined ? undefined : formErrors(page.error);
  await pages.render(ctx, {
    area: 'desk',
    template: page.template,
    title: typeof page.title === 'string' ? page.title : text(ctx, page.title.key, page.title.params),
    view: { ...page.view, ...(errors === undefined ? {} : { errors }) },
    layout: { place: page.place, framed: page.nav !== undefined, views: page.nav, since: ctx.state.newestEventId },
    slots: {
      names: ['desk.head', 'desk.notices', ...(page.nav === undefined ? [] : (['desk.views'] as const)), ...(page.slots?.names ?? [])],
      input: page.slots?.input ?? {},
    },
    ...(page.error === undefined ? {} : { status: statusOfError(page.error) }),
  });
}

/** After a form: 303, so that reloading does not send it again. */
export function see(ctx: Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}

/** Leads to another page, also when htmx asked: it would otherwise look for a part of this page in the other one. */
export function leaveTo(ctx: Context, path: string): void {
  if (ctx.get('HX-Request') === '') return see(ctx, path);
  ctx.set('HX-Redirect', path);
  ctx.status = 204;
}

export function text(ctx: Context, key: string, params?: Readonly<Record<string, unknown>>): string {
  return ctx.state.translator.t(key, params);
}

/** A status in the reader's language; one that was archived keeps its category's name. */
export function presentStatus(statuses: readonly Status[], id: number, locale: string): StatusView {
  const status = statuses.find((one) => one.id === id);
  return { key: status?.key ?? '', name: status?.names[locale] ?? status?.names['en'] ?? '–', category: status?.category ?? 'closed' };
}

/** All statuses for a menu, the current one marked. */
export function statusChoices(statuses: readonly Status[], locale: string, selectedId?: number): readonly StatusView[] {
  return statuses.map((status) => ({
    ...presentStatus(statuses, status.id, locale),
    ...(status.id === selectedId ? { selected: true } : {}),
  }));
}

/** A positive id from an address or a field, else undefined. */
export function idFrom(value: string | undefined): number | undefined {
  const id = Number(value);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
