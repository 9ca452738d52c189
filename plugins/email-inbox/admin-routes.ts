import { AppError, Invalid, isPrivateHost, NotFound, type Context, type Form, type Route } from '@helpdesk/core/plugin';
import { fieldsOf, readServer, type TestView } from './mailbox-form.ts';
import { statusOf } from './health.ts';
import { explain, type DialogueLine } from './imap-connection.ts';
import { firstCursor, probe } from './mailbox-setup.ts';
import { findMail, mailOfMessage, mailsInState, type StoredMail } from './mails-repository.ts';
import { findReceiver, listReceivers, saveReceiver } from './receivers-repository.ts';
import { retryMail } from './receive-job.ts';
import type { InboxContext } from './settings.ts';

const home = '/admin/p/email-inbox';

/** Pages for administrators: how receiving goes, mail in quarantine, the receiving part of a mailbox. */
export function adminRoutes(ctx: InboxContext): readonly Route[] {
  const permission = 'settings.manage';
  const route = (method: Route['method'], path: string, handle: (request: Context) => Promise<void>): Route => ({
    method,
    path,
    permission,
    handler: (request) => handle(request as unknown as Context),
  });
  return [
    route('get', '/', (request) => showHealth(ctx, request)),
    route('get', '/mailboxes/:id', async (request) => showForm(ctx, request, await mailboxOf(ctx, request), {})),
    route('post', '/mailboxes/:id', (request) => submitForm(ctx, request)),
    route('get', '/mails/:id/raw', async (request) => sendRaw(ctx, request, await mailOf(ctx, request))),
    route('post', '/mails/:id/retry', async (request) => {
      await retryMail(ctx, (await mailOf(ctx, request)).id);
      request.redirect(home);
      request.status = 303;
    }),
  ];
}

/** The original of a message, for whoever may see its ticket. */
export function deskRoutes(ctx: InboxContext): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/messages/:id/raw',
      permission: 'tickets.view',
      handler: async (given) => {
        const request = given as unknown as Context;
        const { actor } = request.state;
        const message = await ctx.tickets.message(Number(request.params['id']) || 0);
        if (message === undefined || actor === undefined) throw new NotFound('http.not-found');
        await ctx.tickets.get(actor, message.ticketId);
        const mail = await mailOfMessage(ctx, message.id);
        if (mail === undefined) throw new NotFound('http.not-found');
        await sendRaw(ctx, request, mail);
      },
    },
  ];
}

// As a file to save, never as a page: it is text of a stranger.
async function sendRaw(ctx: InboxContext, request: Context, mail: StoredMail): Promise<void> {
  const raw = await ctx.files.read(mail.sha256);
  request.set('Content-Type', 'application/octet-stream');
  request.set('Content-Disposition', `attachment; filename="mail-${mail.id}.eml"`);
  request.set('X-Content-Type-Options', 'nosniff');
  request.set('Content-Security-Policy', "default-src 'none'; sandbox");
  request.body = raw;
}

async function showHealth(ctx: InboxContext, request: Context): Promise<void> {
  const { alertMinutes } = await ctx.settings.get();
  const [mailboxes, receivers, failed, ignored] = await Promise.all([
    ctx.mail.mailboxes(),
    listReceivers(ctx),
    mailsInState(ctx, ['failed'], 100),
    mailsInState(ctx, ['ignored'], 20),
  ]);
  const now = ctx.clock.now();
  const lines = mailboxes.map(({ id, name, address }) => {
    const receiver = receivers.find(({ mailboxId }) => mailboxId === id);
    return {
      id,
      name,
      address,
      href: `${home}/mailboxes/${id}`,
      dot: receiver === undefined ? 'warn' : statusOf(receiver, now, alertMinutes * 60_000),
      stateText: receiver === undefined ? 'email-inbox.state.none' : `email-inbox.state.${receiver.state}`,
      lastFetchAt: receiver?.lastFetchAt ?? undefined,
      error: receiver?.lastError ?? undefined,
      errorAt: receiver?.lastErrorAt ?? undefined,
    };
  });
  const shown = ({ id, subject, sender, reason, kind, size, receivedAt, attempts }: StoredMail) => ({
    id,
    subject,
    sender,
    reason,
    kind,
    size,
    receivedAt,
    attempts,
    rawUrl: `${home}/mails/${id}/raw`,
    retryUrl: `${home}/mails/${id}/retry`,
  });
  await ctx.http.page(request, {
    area: 'admin',
    template: 'email-inbox/health',
    title: request.state.translator.t('email-inbox.title'),
    view: { mailboxes: lines, failed: failed.map(shown), ignored: ignored.map(shown) },
  });
}

async function showForm(
  ctx: InboxContext,
  request: Context,
  mailbox: { readonly id: number; readonly name: string; readonly address: string },
  given: { readonly form?: Form; readonly test?: TestView },
): Promise<void> {
  const receiver = await findReceiver(ctx, mailbox.id);
  await ctx.http.page(request, {
    area: 'admin',
    template: 'email-inbox/mailbox',
    title: mailbox.name,
    view: {
      mailboxName: mailbox.name,
      address: mailbox.address,
      home,
      action: `${home}/mailboxes/${mailbox.id}`,
      fields: fieldsOf((key) => request.state.translator.t(key), receiver, given.form),
      test: given.test,
    },
    ...(given.test?.ok === false ? { status: 422 } : {}),
  });
}

/** Tests what was typed, and with the button Save stores it when the server takes it. */
async function submitForm(ctx: InboxContext, request: Context): Promise<void> {
  const mailbox = await mailboxOf(ctx, request);
  const form = await ctx.http.form(request);
  const receiver = await findReceiver(ctx, mailbox.id);
  const dialogue: DialogueLine[] = [];
  try {
    const server = await readServer(ctx, mailbox.id, form, receiver);
    if (!server.isOperators && (await isPrivateHost(server.host))) throw new Invalid('mail.host-private', { host: server.host });
    const folder = form.optional('folder') ?? 'INBOX';
    const found = await probe(server, folder, dialogue);
    if (form.text('step') === 'test')
      return await showForm(ctx, request, mailbox, {
        form,
        test: { ok: true, summary: { key: 'email-inbox.test.good', params: { count: found.exists } }, dialogue },
      });
    const isSame =
      receiver !== undefined && receiver.host === server.host && receiver.folder === folder && receiver.uidValidity === found.uidValidity;
    const { password: _stored, ...rest } = server;
    await ctx.db.tx((tx) =>
      saveReceiver(ctx, tx, mailbox.id, {
        ...rest,
        folder,
        password: form.optional('password'),
        cursor: isSame ? undefined : firstCursor(found, 'now', ctx.clock.now()),
        more: {
          state: form.isChecked('active') ? 'active' : 'paused',
          acknowledges_with: form.text('acknowledgesWith') === 'keep' ? 'keep' : 'seen',
          signs_addresses: form.isChecked('signsAddresses'),
          tags_subjects: form.isChecked('tagsSubjects'),
          authserv_ids: JSON.stringify(
            form
              .text('authservIds')
              .toLowerCase()
              .split(/[\s,]+/)
              .filter((id) => id !== ''),
          ),
        },
      }),
    );
    request.redirect(home);
    request.status = 303;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await showForm(ctx, request, mailbox, {
      form,
      test: {
        ok: false,
        summary: { key: 'email-inbox.test.bad', params: { message: inWords((key) => request.state.translator.t(key), explain(error)) } },
        dialogue,
      },
    });
  }
}

async function mailboxOf(ctx: InboxContext, request: Context) {
  const mailbox = await ctx.mail.mailbox(Number(request.params['id']) || 0);
  if (mailbox === undefined) throw new NotFound('http.not-found');
  return mailbox;
}

async function mailOf(ctx: InboxContext, request: Context): Promise<StoredMail> {
  const mail = await findMail(ctx, Number(request.params['id']) || 0);
  if (mail === undefined) throw new NotFound('http.not-found');
  return mail;
}

const knownReasons = [
  ['name', /ENOTFOUND|EAI_AGAIN/],
  ['refused', /ECONNREFUSED/],
  ['silent', /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/],
] as const;

function inWords(t: (key: string) => string, reason: string): string {
  const known = knownReasons.find(([, pattern]) => pattern.test(reason));
  return known === undefined ? reason : t(`email-inbox.reason.${known[0]}`);
}
