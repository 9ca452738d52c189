import type { App } from '../app.ts';
import { requireConfirmed } from '../auth/index.ts';
import type { Form } from '../http/body.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import { signedIn, type Context } from '../http/request-state.ts';
import { Forbidden } from '../kernel/errors.ts';
import type { SlotName } from '../kernel/slots.ts';
import type { FormErrorsView, Sentence } from '../ui/types.ts';
import { isAllowed, type UserActor } from '../users/index.ts';

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

/**
 * Asks for a fresh sign-in when one of these owners of settings is a plugin: whatever a plugin is told to do, it does
 * with the rights of this desk.
 *
 * @throws Forbidden `auth.confirm-needed`.
 */
export function requireConfirmedFor({ desk, plugins }: App, ctx: Context, owners: readonly string[], next: string): void {
  if (plugins.known.some(({ id }) => owners.includes(id))) requireConfirmed(desk, ctx.state.session, next);
}

/** Renders an admin page, with what its form was refused for. */
export async function renderAdmin({ pages }: App, ctx: Context, page: AdminPage): Promise<void> {
  const { translator } = ctx.state;
  const errors: FormErrorsView | undefined = page.error === undefined ? undefined : formErrors(page.error);
  await pages.render(ctx, {
    area: 'admin',
    template: page.template,
    title: translator.t(page.title.key, page.title.params),
    view: { ...page.view, ...(errors === undefined ? {} : { errors }) },
    slots: { names: ['admin.notices', ...(page.slots?.names ?? [])], input: page.slots?.input ?? {} },
    ...(page.error === undefined ? {} : { status: statusOfError(page.error) }),
  });
}

/** After a form: 303, so that reloading does not send it again. */
export function see(ctx: Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}

/** The version a form was shown with, for optimistic locking. */
export function versionOf(form: Form): number | undefined {
  return form.optional('version') === undefined ? undefined : Number(form.text('version'));
}
