import { randomBytes } from 'node:crypto';
import { composeNotice, type Actions, type Ticket } from '@helpdesk/core/plugin';
import { deleteUnanswered, insertRating, lastAskedAt } from './ratings-repository.ts';
import type { SmileyContext } from './settings.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const keptDays = 90;

/** Plans the question when a ticket is solved. Durable: it survives a crash between the change and this. */
export async function planAsking(ctx: SmileyContext, { ticketId, category }: Readonly<Actions['ticket.status-changed']>): Promise<void> {
  if (category !== 'solved') return;
  const { delayHours } = await ctx.settings.get();
  await ctx.db.tx((tx) =>
    ctx.jobs.enqueue(tx, {
      name: 'ask',
      payload: { ticketId },
      runAt: ctx.clock.now() + delayHours * hourMs,
      dedupeKey: `satisfaction-smiley.ask:${ticketId}`,
    }),
  );
}

/** Asks the customer of a ticket that is still solved, once a ticket, and nobody too often. */
export async function ask(ctx: SmileyContext, ticketId: number): Promise<void> {
  const ticket = await ctx.tickets.living(ticketId);
  if (ticket === undefined || ticket.place !== 'desk' || !['solved', 'closed'].includes(ticket.category)) return;
  const customer = await ctx.users.get(ticket.requesterId);
  if (customer === undefined || customer.email === null) return;
  const { restDays } = await ctx.settings.get();
  const last = await lastAskedAt(ctx, customer.id);
  const now = ctx.clock.now();
  if (last !== undefined && now - last < restDays * dayMs) return;

  const token = randomBytes(32).toString('base64url');
  const mailbox = ticket.mailboxId === null ? undefined : await ctx.mail.mailbox(ticket.mailboxId);
  const [sender, question] = await Promise.all([ctx.mail.systemSender(), compose(ctx, ticket, customer.locale, token)]);
  const to = { name: customer.name, email: customer.email };
  await ctx.db.tx(async (tx) => {
    if (!(await insertRating(tx, { ticketId: ticket.id, userId: customer.id, token, now }))) return;
    const isQueued = await ctx.mail.queueAutomatic(
      tx,
      { kind: 'plugin', to, ticketId: ticket.id, ...question, ...(mailbox === undefined ? {} : { mailbox }) },
      sender,
    );
    // Not asked after all: the address gets no more automatic mail for now, or the desk cannot send.
    if (!isQueued) await tx.table('ratings').where({ ticket_id: ticket.id }).delete();
  });
}

export async function forgetUnanswered(ctx: SmileyContext): Promise<void> {
  await deleteUnanswered(ctx, ctx.clock.now() - keptDays * dayMs);
}

async function compose(ctx: SmileyContext, ticket: Ticket, locale: string | null, token: string) {
  const { t, ...translator } = ctx.i18n.translatorFor(locale ?? ticket.locale);
  const site = await ctx.site();
  const params = { subject: ticket.subject, number: String(ticket.number) };
  return composeNotice({
    locale: translator.locale,
    subject: t('satisfaction-smiley.mail.subject', params),
    body: t('satisfaction-smiley.mail.body', params),
    button: t('satisfaction-smiley.mail.button', params),
    url: new URL(`/p/satisfaction-smiley/${token}`, ctx.url).href,
    footer: site.name,
  });
}
