import { AppError, NotFound, reasonInWords, reasonOf, type Context, type Form, type Mailbox, type Route } from '@helpdesk/core/plugin';
import { readOptions, readServer, sectionsOf, type TestView } from './mailbox-form.ts';
import { showHealth } from './health-page.ts';
import type { DialogueLine } from './imap-connection.ts';
import { firstCursor, isOtherAccount, nextCursor, probe } from './mailbox-setup.ts';
import { allowed } from './imap-server.ts';
import { findMail, mailOfMessage, type StoredMail } from './mails-repository.ts';
import { findReceiver, saveReceiver } from './receivers-repository.ts';
import { retryMail } from './receive-job.ts';
import { sendSelfTest } from './self-test.ts';
import type { InboxContext } from './settings.ts';

const home = '/admin/p/email-inbox';

/** Pages for administrators: how receiving goes, mail in quarantine, the receiving part of a mailbox. */
export function adminRoutes(ctx: InboxContext): readonly Route[] {
  const permission = 'settings.manage';
  const route = (method: Route['method'], path: string, handler: Route['handler']): Route => ({
    method,
    path,
    permission,
    handler,
  });
  return [
    route('get', '/', (request) => showHealth(ctx, request)),
    route('get', '/mailboxes/:id', async (request) => showForm(ctx, request, await mailboxOf(ctx, request), {})),
    route('post', '/mailboxes/:id', (request) => submitForm(ctx, request)),
    route('post', '/mailboxes/:id/self-test', async (request) => {
      const mailbox = await mailboxOf(ctx, request);
      await sendSelfTest(ctx, mailbox);
      request.redirect(`${home}/mailboxes/${mailbox.id}?sent=1`);
      request.status = 303;
    }),
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
      handler: async (request) => {
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

async function showForm(
  ctx: InboxContext,
  request: Context,
  mailbox: Mailbox,
  given: { readonly form?: Form; readonly test?: TestView; readonly folders?: readonly string[] },
): Promise<void> {
  const [receiver, pages, account] = await Promise.all([
    findReceiver(ctx, mailbox.id),
    ctx.mail.signInPages(mailbox.id),
    ctx.mail.account(mailbox.id),
  ]);
  const { t } = request.state.translator;
  const signIn = account === undefined ? undefined : { imap: pages.find(({ provider }) => provider === account.provider)?.imap };
  await ctx.http.page(request, {
    area: 'admin',
    template: 'email-inbox/mailbox',
    title: mailbox.name,
    view: {
      mailboxName: mailbox.name,
      address: mailbox.address,
      home,
      action: `${home}/mailboxes/${mailbox.id}`,
      sections: sectionsOf((key) => t(key), { receiver, form: given.form, folders: given.folders ?? [], signIn }),
      signIn: {
        text: `email-inbox.sign-in.${account === undefined ? 'offered' : account.state}`,
        pages: account?.state === 'active' ? [] : pages.map(({ provider, path }) => ({ label: `admin.sign-in.${provider}`, href: path })),
        isShown: account !== undefined || pages.length > 0,
      },
      test: given.test,
      ...(receiver === undefined || mailbox.transport === null
        ? {}
        : {
            selfTest: {
              action: `${home}/mailboxes/${mailbox.id}/self-test`,
              isSent: request.URL.searchParams.has('sent'),
              provenAt: receiver.plusProvenAt ?? undefined,
              seen: receiver.seenAuthservId ?? undefined,
            },
          }),
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
    const isMoved = receiver !== undefined && isOtherAccount(receiver, server, mailbox.address);
    const options = readOptions(form, isMoved ? undefined : receiver);
    const folder = form.optional('folder') ?? 'INBOX';
    const found = await probe(allowed(ctx, server), folder, dialogue);
    if (form.text('step') === 'test')
      return await showForm(ctx, request, mailbox, {
        form,
        folders: found.folders,
        test: { ok: true, summary: { key: 'email-inbox.test.good', params: { count: found.exists } }, dialogue },
      });
    const now = ctx.clock.now();
    const isSame = receiver?.folder === folder && !isMoved;
    const cursor = receiver === undefined ? firstCursor(found, 'now', now) : isSame ? undefined : nextCursor(receiver, found, now);
    const { password: _stored, ...rest } = server;
    await ctx.db.tx((tx) =>
      saveReceiver(ctx, tx, mailbox.id, {
        ...rest,
        folder,
        password: form.optional('password'),
        cursor,
        isOtherAccount: isMoved,
        more: options,
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
        summary: { key: 'email-inbox.test.bad', params: { message: wordsFor(request, error) } },
        dialogue,
      },
    });
  }
}

/** The words of the server, or of the desk, in the reader's language, where it refused by itself. */
function wordsFor({ state: { translator } }: Context, error: AppError): string {
  // The sentence around it says already that the connection failed.
  const { message } = error.details;
  return reasonInWords(translator, error.code === 'email-inbox.connection-failed' ? String(message) : reasonOf(error));
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
