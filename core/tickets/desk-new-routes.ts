import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import { readForm, type Form } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import { once } from '../http/once.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, choiceLists, idFrom, renderDesk, see, statusChoices, text } from '../inbox/index.ts';
import { AppError, Invalid } from '../kernel/errors.ts';
import { readLists } from '../storage/index.ts';
import { isEmailAddress } from '../users/index.ts';
import { ccFrom } from './desk-message-routes.ts';
import { filesIn, presentFiles } from './form-files.ts';
import { openTicket } from './opening.ts';
import { priorities } from './types.ts';
import type { NewTicketView } from './views.ts';

/** The form with which an agent writes first. */
export function newTicketRoutes(app: App): Middleware {
  const { desk } = app;

  async function show(ctx: Context, form: Form | undefined, error?: unknown): Promise<void> {
    const { actor } = agent(ctx, 'tickets.reply');
    const { agents, mailboxes } = await readLists(desk.storage, choiceLists(desk.storage.read));
    const value = (name: string): string => form?.text(name) ?? ctx.URL.searchParams.get(name) ?? '';
    const files = form === undefined ? [] : await filesIn(desk, actor, form).catch(() => []);
    const view: NewTicketView = {
      values: {
        requesterEmail: value('requesterEmail') || value('email'),
        requesterName: value('requesterName'),
        cc: value('cc'),
        subject: value('subject'),
        html: value('body'),
        tags: value('tags'),
      },
      format: value('format') === 'html' ? 'html' : 'text',
      mailboxes: mailboxes.map(({ id, name }) => ({ value: String(id), label: name, selected: String(id) === value('mailbox') })),
      agents: [
        { value: '', label: text(ctx, 'ticket.assignee.nobody') },
        ...agents.map(({ id, name }) => ({ value: String(id), label: name, selected: String(id) === value('assignee') })),
      ],
      statuses: statusChoices(await desk.statuses.list(), ctx.state.locale),
      priorities: priorities.map((one) => ({
        value: one,
        label: text(ctx, `priority.${one}`),
        selected: one === (value('priority') || 'normal'),
      })),
      idempotencyKey: form?.text('idempotencyKey') || randomUUID(),
      quiet: form?.isChecked('quiet') ?? false,
      attachments: presentFiles(files),
    };
    await renderDesk(app, ctx, {
      template: 'tickets/new',
      title: { key: 'ticket.new.title' },
      view,
      place: 'inbox',
      slots: { names: ['ticket.new'], input: {} },
      error,
    });
  }

  async function open(ctx: Context, form: Form): Promise<number> {
    const { actor } = agent(ctx);
    const email = form.text('requesterEmail').trim();
    if (!isEmailAddress(email)) throw new Invalid('users.email-invalid', { email, fields: ['requesterEmail'] });
    if (form.text('subject').trim() === '') throw new Invalid('tickets.subject-missing', { fields: ['subject'] });
    const mailboxes = (await readLists(desk.storage, choiceLists(desk.storage.read))).mailboxes;
    const isHtml = form.text('format') === 'html';
    const files = await filesIn(desk, actor, form);
    const { ticket } = await openTicket(desk, actor, {
      subject: form.text('subject'),
      requester: { email, name: form.optional('requesterName') },
      message: {
        ...(isHtml ? { html: form.text('body') } : { text: form.text('body') }),
        attachments: files.map(({ id }) => ({ fileId: id })),
      },
      channel: form.isChecked('quiet') ? 'phone' : 'desk',
      direction: 'out',
      isQuiet: form.isChecked('quiet'),
      priority: priorities.find((one) => one === form.text('priority')),
      tags: form.text('tags').split(','),
      assigneeId: idFrom(form.text('assignee')) ?? actor.userId,
      mailboxId: idFrom(form.text('mailbox')) ?? mailboxes[0]?.id ?? null,
      cc: ccFrom(form),
    });
    return ticket.number;
  }

  return new Router()
    .get('/desk/tickets/new', (ctx) => show(ctx, undefined))
    .post('/desk/tickets', async (ctx) => {
      const { actor } = agent(ctx, 'tickets.reply');
      const form = await readForm(desk, ctx);
      try {
        const number = await once(desk, { userId: actor.userId, key: form.text('idempotencyKey') }, () => open(ctx, form));
        setFlash(ctx, { kind: 'done', key: 'flash.ticket-opened', params: { number: String(number) } });
        see(ctx, `/desk/tickets/${number}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        await show(ctx, form, error.code === 'messages.empty' ? new Invalid(error.code, { fields: ['body'] }) : error);
      }
    })
    .middleware();
}
