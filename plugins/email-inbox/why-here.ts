import { Conflict, Invalid, NotFound, type Context, type Route, type SplitOptions, type Ticket } from '@helpdesk/core/plugin';
import { forget, listCorrections, remember } from './corrections.ts';
import { moveMails, threadedMails, type ThreadedMail } from './mails-repository.ts';
import type { InboxContext } from './settings.ts';
import { baseSubject } from './threading-ids.ts';

const home = '/desk/p/email-inbox';

/** "Why is this here?" below each message that came by mail: what was looked at, and the way to say that it was wrong. */
export function whyHere(ctx: InboxContext) {
  return {
    template: 'email-inbox/why-here',
    permission: 'tickets.view',
    async load({ ticketId, messageIds }: { readonly ticketId: number; readonly messageIds: readonly number[] }): Promise<object> {
      const mails = await threadedMails(ctx, messageIds);
      const named = new Set(mails.flatMap(({ decision }) => [decision.ticketId, ...decision.steps.map((step) => step.ticketId)]));
      const numbers = new Map<number, number>();
      for (const id of named) {
        const ticket = id === undefined ? undefined : await ctx.tickets.living(id);
        if (id !== undefined && ticket !== undefined) numbers.set(id, ticket.number);
      }
      return {
        items: Object.fromEntries(
          mails.map((mail) => [mail.messageId, presentMail(mail, { ticketId, numbers, maySplit: messageIds.length > 1 })]),
        ),
      };
    },
  };
}

interface Around {
  readonly ticketId: number;
  readonly numbers: ReadonlyMap<number, number>;
  /** A mail that is alone in its ticket has nothing to be split from. */
  readonly maySplit: boolean;
}

function presentMail({ messageId, decision }: ThreadedMail, { ticketId, numbers, maySplit }: Around): object {
  const numberOf = (id: number | undefined): string | undefined => {
    const number = id === undefined ? undefined : numbers.get(id);
    return number === undefined ? undefined : `#${number}`;
  };
  return {
    messageId,
    reason: { key: `email-inbox.why.${decision.reason}`, params: { number: numberOf(decision.ticketId) ?? '' } },
    isMoved: decision.ticketId !== undefined && decision.reason !== 'related' && numberOf(decision.ticketId) !== numberOf(ticketId),
    steps: decision.steps.map(({ rule, evidence, outcome, refusal, ticketId: id }) => ({
      rule: { key: `email-inbox.rule.${rule}` },
      evidence,
      number: numberOf(id),
      outcome: { key: refusal === undefined ? `email-inbox.outcome.${outcome}` : `email-inbox.refusal.${refusal}` },
    })),
    ...(maySplit ? { splitUrl: `${home}/messages/${messageId}/split` } : {}),
    mergeUrl: `${home}/messages/${messageId}/merge`,
    correctionsUrl: `${home}/corrections`,
  };
}

/** The two corrections of an agent, and the page of what they taught. */
export function threadingRoutes(ctx: InboxContext): readonly Route[] {
  const route = (method: Route['method'], path: string, handler: Route['handler']): Route => ({
    method,
    path,
    permission: 'tickets.edit',
    handler,
  });
  const go = (request: Context, to: string): void => {
    request.redirect(to);
    request.status = 303;
  };

  async function correct(request: Context, isMerge: boolean): Promise<void> {
    const { actor } = request.state;
    const message = await ctx.tickets.message(Number(request.params['id']) || 0);
    if (message === undefined || actor === undefined) throw new NotFound('http.not-found');
    const from = await ctx.tickets.get(actor, message.ticketId);
    const [mail] = await threadedMails(ctx, [message.id]);
    const form = await ctx.http.form(request);
    const intoId = isMerge ? await targetOf(form.text('into')) : undefined;
    const into = await move(actor, message.id, from, { intoId, subject: mail === undefined ? undefined : baseSubject(mail.subject) });
    await ctx.db.tx((tx) => moveMails(tx, message.id, into.id));
    if (mail !== undefined && mail.sender !== '')
      await remember(ctx, {
        mailboxId: mail.mailboxId,
        sender: mail.sender,
        wrongTicketId: opened(mail) ? undefined : from.id,
        subject: mail.subject,
        rightTicketId: into.id,
        userId: actor.userId,
      });
    go(request, `/desk/tickets/${into.number}`);
  }

  /** A mail that opened its ticket alone takes the whole ticket along. */
  async function move(
    actor: NonNullable<Context['state']['actor']>,
    messageId: number,
    from: Ticket,
    options: SplitOptions,
  ): Promise<Ticket> {
    try {
      return await ctx.tickets.split(actor, messageId, options);
    } catch (error) {
      const { intoId } = options;
      if (intoId === undefined || !(error instanceof Conflict) || error.code !== 'tickets.split-only') throw error;
      return ctx.tickets.merge(actor, from.id, intoId);
    }
  }

  async function targetOf(text: string): Promise<number> {
    const number = Number(/^#?(\d{1,15})$/.exec(text.trim())?.[1]);
    const id = Number.isSafeInteger(number) ? await ctx.tickets.idOfNumber(number) : undefined;
    if (id === undefined) throw new Invalid('tickets.not-found', { fields: ['into'] });
    return id;
  }

  async function show(request: Context): Promise<void> {
    const [corrections, mailboxes] = await Promise.all([listCorrections(ctx), ctx.mail.mailboxes()]);
    const lines = await Promise.all(
      corrections.map(async ({ id, mailboxId, sender, wrongTicketId, rightTicketId, createdBy, createdAt }) => {
        const [wrong, right, user] = await Promise.all([
          wrongTicketId === 0 ? undefined : ctx.tickets.living(wrongTicketId),
          ctx.tickets.living(rightTicketId),
          createdBy === null ? undefined : ctx.users.get(createdBy),
        ]);
        const mailbox = mailboxes.find((one) => one.id === mailboxId)?.address ?? '–';
        return {
          sentence: {
            key: wrong === undefined ? 'email-inbox.correction.joins' : 'email-inbox.correction.instead',
            params: { sender, mailbox, right: `#${right?.number ?? '–'}`, wrong: `#${wrong?.number ?? '–'}` },
          },
          by: user?.name,
          createdAt,
          forgetUrl: `${home}/corrections/${id}/forget`,
        };
      }),
    );
    await ctx.http.page(request, {
      area: 'desk',
      template: 'email-inbox/corrections',
      title: request.state.translator.t('email-inbox.corrections'),
      view: { lines },
    });
  }

  return [
    route('post', '/messages/:id/split', (request) => correct(request, false)),
    route('post', '/messages/:id/merge', (request) => correct(request, true)),
    route('get', '/corrections', show),
    route('post', '/corrections/:id/forget', async (request) => {
      await forget(ctx, Number(request.params['id']) || 0);
      go(request, `${home}/corrections`);
    }),
  ];
}

function opened({ decision }: ThreadedMail): boolean {
  return decision.reason === 'new' || decision.reason === 'related';
}
