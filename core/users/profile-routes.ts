import type { App } from '../app.ts';
import {
  checkPassword,
  createApiToken,
  endSessions,
  hashPassword,
  listApiTokens,
  listSessions,
  revokeApiToken,
  setPasswordHash,
  scopeName,
  scopeOptions,
} from '../auth/index.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { localPath, Router } from '../http/router.ts';
import { isTimeZone, timeZoneOptions } from '../i18n/index.ts';
import { agent, idFrom, renderDesk, see, text } from '../inbox/index.ts';
import { AppError, Invalid } from '../kernel/errors.ts';
import { notificationKinds, preferenceOf } from '../notifications/index.ts';
import { saveScopedForm, scopedGroups } from '../settings/index.ts';
import type { OptionView } from '../ui/types.ts';
import { deviceOf } from './device-name.ts';
import { editUser } from './editing.ts';
import type { NotificationPreference } from './types.ts';
import { passwordHashOf } from './users-repository.ts';
import type { ProfileView } from './views.ts';

type Section = ProfileView['section'];

const undoChoices = [0, 5, 10, 20, 30];
const closeChoices = ['stay', 'next', 'list'] as const;
const schemeChoices = ['system', 'light', 'dark'] as const;
const kindKeys = {
  'new-ticket': 'opened',
  assigned: 'assigned',
  'customer-replied': 'replied',
  mentioned: 'mentioned',
  'delivery-failed': 'failed',
  'plugin-stopped': 'plugin-stopped',
} as const;

/** An agent's own settings. */
export function profileRoutes(app: App): Middleware {
  const { desk } = app;

  async function show(
    ctx: Context,
    section: Section,
    more: { form?: Form; fresh?: { name: string; token: string }; error?: unknown } = {},
  ): Promise<void> {
    const { user } = agent(ctx);
    const { preferences } = user;
    const typed = (name: string, stored: string): string => more.form?.text(name) ?? stored;
    const undo = preferences.undoSeconds ?? Number((await desk.settings.get('tickets'))['undoSeconds']);
    const choices = <T extends string>(values: readonly T[], chosen: string, key: (value: T) => string): readonly OptionView[] =>
      values.map((value) => ({ value, label: text(ctx, key(value)), selected: value === chosen }));
    const [sessions, tokens] = await Promise.all([
      section === 'security' ? listSessions(desk, user.id) : [],
      section === 'tokens' ? listApiTokens(desk, user.id) : [],
    ]);
    const view: ProfileView = {
      section,
      form: {
        name: typed('name', user.name),
        email: user.email ?? '',
        signature: typed('signature', preferences.signature ?? ''),
        locales: desk.locales().map((value) => ({ value, label: nameOfLocale(value), selected: value === ctx.state.locale })),
        timeZones: timeZoneOptions(ctx.state.timeZone),
        schemes: choices(schemeChoices, user.colorScheme, (value) => `profile.scheme.${value}`),
        undoSeconds: [...new Set([...undoChoices, undo])]
          .toSorted((a, b) => a - b)
          .map((value) => ({ value: String(value), label: text(ctx, 'profile.undo.seconds', { count: value }), selected: value === undo })),
        afterClose: choices(closeChoices, preferences.afterClose ?? 'stay', (value) => `profile.after-close.${value}`),
        singleKeyShortcuts: preferences.singleKeyShortcuts !== false,
      },
      notifications: notificationKinds.map((kind) => ({
        key: kind,
        label: { key: `notification.about.${kindKeys[kind]}` },
        ...preferenceOf(user, kind),
      })),
      mailWorks: section === 'notifications' && (await desk.mail.systemSender()) !== undefined,
      sessions: sessions.map((session) => ({
        id: String(session.id),
        current: session.id === ctx.state.session?.id,
        device: deviceOf(session.userAgent) ?? text(ctx, 'profile.sessions.unknown'),
        address: session.ip ?? '',
        startedAt: session.createdAt,
        lastSeenAt: session.lastSeenAt,
      })),
      tokens: {
        tokens: tokens.map((token) => ({
          id: String(token.id),
          name: token.name,
          scopes: token.scopes.map((scope) => scopeName(ctx.state.translator, scope)),
          createdAt: token.createdAt,
          ...(token.lastUsedAt === null ? {} : { lastUsedAt: token.lastUsedAt }),
        })),
        scopes: scopeOptions(ctx.state.translator),
        action: '/desk/profile/tokens',
        ...(more.fresh === undefined ? {} : { fresh: more.fresh }),
      },
      hasPassword: user.hasPassword,
      groups: await scopedGroups(desk, { kind: 'user', id: user.id }, ctx.state.translator, section === 'plugins' ? more.form : undefined),
    };
    await renderDesk(app, ctx, {
      template: 'users/profile',
      title: { key: 'profile.title' },
      view,
      place: 'profile',
      slots: { names: ['profile.form', 'profile.security'], input: { userId: user.id } },
      error: more.error,
    });
  }

  /** Does what a form asks and goes back to its page; a refusal shows the page again as it was filled in. */
  function save(section: Section, path: string, flash: string, work: (ctx: Context, form: Form) => Promise<void>) {
    return async (ctx: Context): Promise<void> => {
      agent(ctx);
      const form = await readForm(desk, ctx);
      try {
        await work(ctx, form);
        setFlash(ctx, { kind: 'done', key: flash });
        see(ctx, path);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await show(ctx, section, { form, error });
      }
    };
  }

  async function saveProfile(ctx: Context, form: Form): Promise<void> {
    const { actor, user } = agent(ctx);
    const timeZone = form.text('timeZone');
    if (!isTimeZone(timeZone)) throw new Invalid('users.time-zone-unknown', { fields: ['timeZone'] });
    await editUser(desk, actor, user.id, {
      name: form.text('name'),
      locale: desk.locales().find((one) => one === form.text('locale')) ?? null,
      timeZone,
      colorScheme: schemeChoices.find((one) => one === form.text('colorScheme')) ?? 'system',
      preferences: {
        signature: form.text('signature').slice(0, 2000),
        undoSeconds: undoChoices.find((one) => String(one) === form.text('undoSeconds')) ?? 10,
        afterClose: closeChoices.find((one) => one === form.text('afterClose')) ?? 'stay',
        singleKeyShortcuts: form.isChecked('singleKeyShortcuts'),
      },
    });
  }

  async function saveNotifications(ctx: Context, form: Form): Promise<void> {
    const { actor, user } = agent(ctx);
    const mailWorks = (await desk.mail.systemSender()) !== undefined;
    const chosen = notificationKinds.map((kind): [string, NotificationPreference] => [
      kind,
      // A switched-off box sends nothing: what was chosen before stays.
      { inApp: form.all('app').includes(kind), byMail: mailWorks ? form.all('mail').includes(kind) : preferenceOf(user, kind).byMail },
    ]);
    await editUser(desk, actor, user.id, { preferences: { notifications: Object.fromEntries(chosen) } });
  }

  async function savePassword(ctx: Context, form: Form): Promise<void> {
    const { user } = agent(ctx);
    await desk.throttle.hit(`password:${user.id}`, { hits: 10, windowMs: 900_000 });
    const stored = await passwordHashOf(desk.storage.read, user.id);
    if (stored !== null && !(await checkPassword(stored, form.text('currentPassword'))))
      throw new Invalid('auth.password-wrong', { fields: ['currentPassword'] });
    await setPasswordHash(desk, user.id, await hashPassword(form.text('newPassword')), ctx.state.session?.id ?? null);
  }

  const router = new Router();
  for (const section of ['notifications', 'security', 'tokens', 'plugins'] as const)
    router.get(`/desk/profile/${section}`, (ctx) => show(ctx, section));
  return router
    .get('/desk/profile', (ctx) => show(ctx, 'profile'))
    .post('/desk/profile', save('profile', '/desk/profile', 'flash.saved', saveProfile))
    .post('/desk/profile/notifications', save('notifications', '/desk/profile/notifications', 'flash.saved', saveNotifications))
    .post(
      '/desk/profile/plugins',
      save('plugins', '/desk/profile/plugins', 'flash.saved', (ctx, form) =>
        saveScopedForm(desk, { kind: 'user', id: agent(ctx).user.id }, form),
      ),
    )
    .post('/desk/profile/password', save('security', '/desk/profile/security', 'flash.password-changed', savePassword))
    .post(
      '/desk/profile/sessions/revoke-others',
      save('security', '/desk/profile/security', 'flash.sessions-ended', (ctx) =>
        endSessions(desk, agent(ctx).user.id, { exceptId: ctx.state.session?.id ?? null }),
      ),
    )
    .post(
      '/desk/profile/sessions/:id/revoke',
      save('security', '/desk/profile/security', 'flash.sessions-ended', (ctx) =>
        endSessions(desk, agent(ctx).user.id, { id: idFrom(ctx.params['id']) ?? 0 }),
      ),
    )
    .post('/desk/profile/density', async (ctx) => {
      const { actor, user } = agent(ctx);
      const form = await readForm(desk, ctx);
      await editUser(desk, actor, user.id, { preferences: { density: form.text('density') === 'compact' ? 'compact' : 'comfortable' } });
      see(ctx, localPath(form.text('next'), '/desk'));
    })
    .post('/desk/profile/tokens', async (ctx) => {
      const { actor, user } = agent(ctx);
      const form = await readForm(desk, ctx);
      try {
        const name = form.text('name').trim();
        if (name === '') throw new Invalid('users.name-missing', { fields: ['name'] });
        const { token } = await createApiToken(desk, actor, { userId: user.id, name, scopes: form.all('scope') });
        await show(ctx, 'tokens', { fresh: { name, token } });
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await show(ctx, 'tokens', { form, error });
      }
    })
    .post(
      '/desk/profile/tokens/:id/revoke',
      save('tokens', '/desk/profile/tokens', 'flash.deleted', (ctx) =>
        revokeApiToken(desk, agent(ctx).actor, idFrom(ctx.params['id']) ?? 0),
      ),
    )
    .middleware();
}

function nameOfLocale(locale: string): string {
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}
