import type { App } from '../app.ts';
import { htmlToText } from '../html/index.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import { once } from '../http/once.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, choiceLists, idFrom, leaveTo, see } from '../inbox/index.ts';
import { AppError, Conflict, Invalid, NotFound } from '../kernel/errors.ts';
import { deliveriesOf } from '../mail/index.ts';
import { readLists } from '../storage/index.ts';
import { emailKey, findUser } from '../users/index.ts';
import type { Typed } from './composer-view.ts';
import { discardDraft, draftFields, saveDraft } from './drafting.ts';
import { filesIn, presentFiles } from './form-files.ts';
import { mentionedIn } from './mentioning.ts';
import { findMessage } from './messages-repository.ts';
import { reply } from './replying.ts';
import { showTicket, ticketOf, ticketPath } from './ticket-page.ts';
import type { Message, Ticket } from './types.ts';
import { undoReply } from './undoing.ts';
import { seeTicket } from './visible-tickets.ts';

/** Answers, notes and drafts. */
export function messageRoutes(app: App): Middleware {
  const { desk } = app;

  async function post(ctx: Context): Promise<void> {
    const { actor } = agent(ctx, 'tickets.view');
    const ticket = await ticketOf(app, ctx);
    const form = await readForm(desk, ctx);
    const kind = kindOf(form);
    if (form.has('discard')) {
      await discardDraft(desk, actor, ticket.id, kind);
      setFlash(ctx, { kind: 'done', key: 'flash.draft-discarded' });
      return see(ctx, ticketPath(ctx, ticket.number));
    }
    try {
      const messageId = await once(desk, { userId: actor.userId, key: form.text('idempotencyKey') }, () => write(ctx, ticket, form));
      await flashSent(ctx, ticket, kind, messageId);
      see(ctx, ticketPath(ctx, ticket.number));
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500 || error.status === 403) throw error;
      const isCollision = error.code === 'tickets.newer-message';
      // Nothing may be lost: besides standing in the page again, the text is a draft.
      if (isCollision) await saveDraft(desk, actor, ticket.id, await draftFrom(ctx, form));
      await showTicket(app, ctx, {
        typed: await typedFrom(ctx, form),
        error,
        ...(isCollision ? { newerThan: Number(form.text('lastSeenMessageId')) } : {}),
      });
    }
  }

  async function write(ctx: Context, ticket: Ticket, form: Form): Promise<number> {
    const { actor, user } = agent(ctx);
    const kind = kindOf(form);
    const isHtml = form.text('format') === 'html';
    const body = form.text('body');
    const plain = isHtml ? htmlToText(body) : body;
    const files = await filesIn(desk, actor, form);
    if (kind === 'reply' && files.length === 0 && plain.trim() === (user.preferences.signature ?? '').trim())
      throw new Invalid('messages.empty', { fields: ['body'] });
    const status = form.optional('then');
    const seen = idFrom(form.text('sendAnyway')) ?? idFrom(form.text('lastSeenMessageId'));
    const message = await reply(desk, actor, ticket.id, {
      kind,
      ...(isHtml ? { html: body } : { text: body }),
      attachments: files.map(({ id }) => ({ fileId: id })),
      channel: 'desk',
      ...(kind === 'reply'
        ? { cc: ccFrom(form), undoMs: await undoMs(ctx), isUnquoted: form.isChecked('unquoted') }
        : { mentioned: plain.includes('@') ? mentionedIn(plain, await agents()) : [] }),
      ...(status === undefined ? {} : { status }),
      ...(seen === undefined || kind === 'note' ? {} : { lastSeenMessageId: seen }),
    });
    return message.id;
  }

  async function agents(): Promise<readonly { readonly id: number; readonly name: string }[]> {
    return (await readLists(desk.storage, { agents: choiceLists(desk.storage.read).agents })).agents;
  }

  async function undoMs(ctx: Context): Promise<number> {
    const { user } = agent(ctx);
    return 1000 * (user.preferences.undoSeconds ?? Number((await desk.settings.get('tickets'))['undoSeconds']));
  }

  async function flashSent(ctx: Context, ticket: Ticket, kind: 'reply' | 'note', messageId: number): Promise<void> {
    if (kind === 'note') return setFlash(ctx, { kind: 'done', key: 'flash.noted' });
    const delivery = (await deliveriesOf(desk.storage.read, [messageId])).get(messageId);
    const name = (await findUser(desk.storage.read, ticket.requesterId))?.name ?? '';
    setFlash(ctx, {
      kind: 'done',
      key: 'flash.sent',
      params: { name },
      ...(delivery?.state === 'held' ? { undoUrl: `/desk/messages/${messageId}/undo`, undoUntil: delivery.sendAfter } : {}),
    });
  }

  async function typedFrom(ctx: Context, form: Form): Promise<Typed> {
    return {
      kind: kindOf(form),
      body: form.text('body'),
      format: form.text('format') === 'html' ? 'html' : 'text',
      cc: form.text('cc'),
      isUnquoted: form.isChecked('unquoted'),
      files: presentFiles(await filesIn(desk, agent(ctx).actor, form).catch(() => [])),
      idempotencyKey: form.text('idempotencyKey'),
      lastSeenMessageId: form.text('lastSeenMessageId'),
    };
  }

  async function draftFrom(ctx: Context, form: Form) {
    const isHtml = form.text('format') === 'html';
    return {
      kind: kindOf(form),
      ...(isHtml ? { html: form.text('body') } : { text: form.text('body') }),
      fields: draftFields(form.text('cc'), form.isChecked('unquoted')),
      files: (await filesIn(desk, agent(ctx).actor, form)).map(({ id }) => id),
    };
  }

  async function messageOf(ctx: Context): Promise<{ readonly message: Message; readonly ticket: Ticket }> {
    const { actor } = agent(ctx, 'tickets.view');
    const message = await findMessage(desk.storage.read, idFrom(ctx.params['id']) ?? 0);
    if (message === undefined) throw new NotFound('messages.not-found');
    return { message, ticket: await seeTicket(desk, actor, message.ticketId) };
  }

  return new Router()
    .post('/desk/tickets/:number/messages', post)
    .post('/desk/tickets/:number/draft', async (ctx) => {
      const { actor } = agent(ctx);
      const ticket = await ticketOf(app, ctx);
      const form = await readForm(desk, ctx);
      const draft = await draftFrom(ctx, form);
      if (form.text('body').trim() === '' && draft.files.length === 0) await discardDraft(desk, actor, ticket.id, draft.kind);
      else await saveDraft(desk, actor, ticket.id, draft);
      ctx.status = 204;
    })
    .post('/desk/messages/:id/undo', async (ctx) => {
      const { message, ticket } = await messageOf(ctx);
      const path = ticketPath(ctx, ticket.number);
      try {
        await undoReply(desk, agent(ctx).actor, message.id);
        setFlash(ctx, { kind: 'done', key: 'flash.undone' });
        const reopened = `${path}${path.includes('?') ? '&' : '?'}compose=reply`;
        // The toast stands on any page of the desk; from there the ticket has to be opened.
        if (ctx.get('Referer').includes(`/desk/tickets/${ticket.number}`)) see(ctx, reopened);
        else leaveTo(ctx, reopened);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        setFlash(ctx, { kind: 'problem', key: `errors.${error.code}` });
        see(ctx, path);
      }
    })
    .post('/desk/messages/:id/retry', async (ctx) => {
      const { message, ticket } = await messageOf(ctx);
      const delivery = (await deliveriesOf(desk.storage.read, [message.id])).get(message.id);
      if (delivery === undefined) throw new NotFound('outbox.not-found');
      await desk.mail.retry(agent(ctx).actor, delivery.id);
      setFlash(ctx, { kind: 'done', key: 'flash.retried' });
      see(ctx, ticketPath(ctx, ticket.number));
    })
    .post('/desk/messages/:id/arrived', async (ctx) => {
      const { message, ticket } = await messageOf(ctx);
      const delivery = (await deliveriesOf(desk.storage.read, [message.id])).get(message.id);
      if (delivery === undefined) throw new NotFound('outbox.not-found');
      await desk.mail.confirm(agent(ctx).actor, delivery.id);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, ticketPath(ctx, ticket.number));
    })
    .middleware();
}

function kindOf(form: Form): 'reply' | 'note' {
  return form.text('kind') === 'note' ? 'note' : 'reply';
}

/** @throws Invalid `users.email-invalid` naming the field. */
export function ccFrom(form: Form): readonly { readonly email: string }[] {
  const addresses = form
    .text('cc')
    .split(/[,;\s]+/)
    .filter((one) => one !== '');
  return addresses.map((email) => {
    try {
      emailKey(email);
    } catch (cause) {
      throw new Invalid('users.email-invalid', { email, fields: ['cc'] }, { cause });
    }
    return { email };
  });
}
