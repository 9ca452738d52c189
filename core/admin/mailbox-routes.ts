import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { reasonInWords, reasonOf } from '../i18n/index.ts';
import { AppError, NotFound } from '../kernel/errors.ts';
import {
  findMailbox,
  isSameAccount,
  listMailboxes,
  removeMailbox,
  saveMailbox,
  smtpSecret,
  testTransport,
  type Mailbox,
} from '../mail/index.ts';
import { saveScopedForm, scopedGroups } from '../settings/index.ts';
import { administrator, renderAdmin, requireConfirmedFor, see } from './admin-page.ts';
import { addressFields, readMailbox, sendingFields, transportOf } from './mailbox-fields.ts';
import { presentSignIn } from './mail-sign-in-routes.ts';
import type { ConnectionTestView, MailboxFormView } from './views.ts';

/** Addresses the desk answers from, and the servers they send through. */
export function mailboxRoutes(app: App): Middleware {
  const { desk } = app;
  // Only whoever receives for a mailbox reaches its folders.
  const keepsCopies = (): boolean => desk.services.get('mail.sent-folder') !== undefined;

  async function show(
    ctx: Context,
    mailbox: Mailbox | undefined,
    form?: Form,
    more: { test?: ConnectionTestView; error?: unknown } = {},
  ): Promise<void> {
    const base = mailbox === undefined ? '/admin/mailboxes' : `/admin/mailboxes/${mailbox.id}`;
    const view: MailboxFormView = {
      id: mailbox === undefined ? undefined : String(mailbox.id),
      name: mailbox?.name ?? '',
      address: mailbox?.address ?? '',
      fields: addressFields(mailbox, form),
      sendingFields: sendingFields(mailbox, form, {
        translator: ctx.state.translator,
        keepsCopies: keepsCopies(),
        hasPassword: mailbox !== undefined && (await desk.settings.hasSecret('mail', smtpSecret(mailbox.id))),
      }),
      action: base,
      testAction: mailbox === undefined ? '/admin/mailboxes/test' : `${base}/test`,
      test: more.test,
      ...(mailbox === undefined ? {} : { signIn: await presentSignIn(app, mailbox.id) }),
      groups: mailbox === undefined ? [] : await scopedGroups(desk, { kind: 'mailbox', id: mailbox.id }, ctx.state.translator, form),
    };
    await renderAdmin(app, ctx, {
      template: 'admin/mailbox',
      title: { key: 'admin.mailboxes' },
      view,
      slots: { names: ['mailbox.settings'], input: { mailboxId: mailbox?.id ?? null } },
      error: more.error,
    });
  }

  async function save(ctx: Context, mailbox: Mailbox | undefined): Promise<void> {
    const actor = administrator(ctx, 'settings.manage');
    const form = await readForm(desk, ctx);
    try {
      if (mailbox !== undefined)
        await saveScopedForm(desk, { kind: 'mailbox', id: mailbox.id }, form, (owners) =>
          requireConfirmedFor(app, ctx, owners, `/admin/mailboxes/${mailbox.id}`),
        );
      await saveMailbox(desk, actor, readMailbox(form, mailbox, { keepsCopies: keepsCopies() }), mailbox?.id);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, '/admin/mailboxes');
    } catch (error) {
      await show(ctx, mailbox, form, { error });
    }
  }

  async function test(ctx: Context, mailbox: Mailbox | undefined): Promise<void> {
    administrator(ctx, 'settings.manage');
    const form = await readForm(desk, ctx);
    const transport = transportOf(form, mailbox);
    const started = performance.now();
    const password =
      form.optional('password') ??
      (mailbox === undefined || !isSameAccount(mailbox.transport, transport)
        ? undefined
        : await desk.settings.secret('mail', smtpSecret(mailbox.id)));
    try {
      const isKnown = mailbox !== undefined && transport !== null && isSameAccount(mailbox.transport, transport);
      const accessToken = isKnown ? await desk.mail.accessToken(mailbox.id, transport.host) : undefined;
      const dialogue = transport === null ? [] : await testTransport({ ...desk.mail.allowed(transport), password, accessToken });
      await show(ctx, mailbox, form, {
        test: {
          ok: transport !== null,
          summary: { key: transport === null ? 'admin.test.no-server' : 'admin.test.ok' },
          dialogue,
          milliseconds: Math.round(performance.now() - started),
        },
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // The sentence around it says already that the connection failed.
      const stored = error.code === 'mail.connection-failed' ? String(error.details['message']) : reasonOf(error);
      const reason = reasonInWords(ctx.state.translator, stored);
      await show(ctx, mailbox, form, {
        test: {
          ok: false,
          summary: { key: 'admin.test.failed', params: { reason } },
          dialogue: dialogueOf(error) ?? [{ from: 'server', line: reason }],
          milliseconds: Math.round(performance.now() - started),
        },
      });
    }
  }

  async function mailboxOf(ctx: Context): Promise<Mailbox> {
    const mailbox = await findMailbox(desk.storage.read, Number(ctx.params['id']) || 0);
    if (mailbox === undefined) throw new NotFound('mailboxes.not-found');
    return mailbox;
  }

  return new Router()
    .get('/admin/mailboxes', async (ctx) => {
      administrator(ctx, 'settings.manage');
      const mailboxes = await listMailboxes(desk.storage.read);
      const hasSystemServer = await desk.settings.hasSecret('mail', 'smtp');
      const sender = await desk.mail.systemSender();
      await renderAdmin(app, ctx, {
        template: 'admin/mailboxes',
        title: { key: 'admin.mailboxes' },
        view: {
          mailboxes: mailboxes.map((mailbox, index) => ({
            id: String(mailbox.id),
            name: mailbox.name,
            address: mailbox.address,
            ...sendingState(mailbox, hasSystemServer),
            isDefault: index === 0,
          })),
          systemMail: {
            health: sender === undefined ? 'attention' : 'good',
            text: { key: sender === undefined ? 'admin.sending.none' : 'admin.sending.works' },
            href: '/admin/settings?page=mail',
          },
        },
        slots: { names: ['admin.mailboxes'], input: {} },
      });
    })
    .get('/admin/mailboxes/new', async (ctx) => {
      administrator(ctx, 'settings.manage');
      await show(ctx, undefined);
    })
    .post('/admin/mailboxes', (ctx) => save(ctx, undefined))
    .post('/admin/mailboxes/test', (ctx) => test(ctx, undefined))
    .get('/admin/mailboxes/:id', async (ctx) => {
      administrator(ctx, 'settings.manage');
      await show(ctx, await mailboxOf(ctx));
    })
    .post('/admin/mailboxes/:id', async (ctx) => save(ctx, await mailboxOf(ctx)))
    .post('/admin/mailboxes/:id/test', async (ctx) => test(ctx, await mailboxOf(ctx)))
    .post('/admin/mailboxes/:id/delete', async (ctx) => {
      await removeMailbox(desk, administrator(ctx, 'settings.manage'), Number(ctx.params['id']) || 0);
      setFlash(ctx, { kind: 'done', key: 'flash.deleted' });
      see(ctx, '/admin/mailboxes');
    })
    .middleware();
}

function sendingState(
  mailbox: Mailbox,
  hasSystemServer: boolean,
): { sending: 'good' | 'attention' | 'problem'; sendingText: { key: string } } {
  if (mailbox.lastError !== null) return { sending: 'problem', sendingText: { key: 'admin.sending.failing' } };
  if (mailbox.transport === null && !hasSystemServer) return { sending: 'attention', sendingText: { key: 'admin.sending.none' } };
  return { sending: 'good', sendingText: { key: 'admin.sending.works' } };
}

function dialogueOf({ details }: AppError): ConnectionTestView['dialogue'] | undefined {
  const { dialogue } = details;
  return Array.isArray(dialogue) && dialogue.length > 0 ? (dialogue as ConnectionTestView['dialogue']) : undefined;
}
