import { composeNotice, fillPlaceholders, mailValues, type Actions, type Mailbox, type Message, type Ticket } from '@helpdesk/core/plugin';
import { awayUntil } from './away.ts';
import { settingsOf, type InboxContext } from './settings.ts';

/**
 * Tells a customer once that the mail arrived: only for new tickets by mail that a person wrote, only where
 * the mailbox does so, to one address, within the loop budget all plugins share (mail.md L15).
 */
export async function acknowledgeTicket(ctx: InboxContext, opened: Readonly<Actions['ticket.opened']>): Promise<void> {
  if (opened.channel !== 'email' || !opened.mayAcknowledge) return;
  const ticket = await ctx.tickets.living(opened.ticketId);
  const mailbox = ticket === undefined || ticket.mailboxId === null ? undefined : await ctx.mail.mailbox(ticket.mailboxId);
  const message = await ctx.tickets.message(opened.messageId);
  if (
    ticket === undefined ||
    ticket.place !== 'desk' ||
    mailbox === undefined ||
    !mailbox.isActive ||
    !mailbox.acknowledges ||
    message === undefined
  )
    return;
  const to = message.addresses.replyTo ?? message.addresses.from;
  if (to === undefined) return;
  // A notice of absence says that the mail arrived; two answers at once would be one too many.
  if ((await awayUntil(ctx, mailbox)) !== undefined) return;
  const notice = await compose(ctx, ticket, mailbox, message);
  await ctx.db.tx(async (tx) => {
    // The row is the memory of "once per ticket": handlers run again after a crash.
    const mine = await tx
      .table('acknowledgements')
      .insert({ ticket_id: ticket.id, is_sent: true, created_at: ctx.clock.now() })
      .onConflict('ticket_id')
      .ignore()
      .returning('ticket_id');
    if (mine.length === 0) return;
    const isQueued = await ctx.mail.queueAutomatic(
      tx,
      {
        kind: 'acknowledgement',
        to,
        mailbox,
        ticketId: ticket.id,
        ...notice,
        writtenTo: message.addresses.to,
        ...(message.messageId === null ? {} : { inReplyTo: message.messageId }),
      },
      undefined,
    );
    if (!isQueued) await tx.table('acknowledgements').where({ ticket_id: ticket.id }).update({ is_sent: false });
  });
}

async function compose(ctx: InboxContext, ticket: Ticket, mailbox: Mailbox, message: Message) {
  const customer = message.authorId === null ? undefined : await ctx.users.get(message.authorId);
  const translator = ctx.i18n.translatorFor(customer?.locale ?? ticket.locale ?? mailbox.locale);
  const { acknowledgementText } = await settingsOf(ctx, mailbox);
  const params = { subject: ticket.subject, number: String(ticket.number), mailbox: mailbox.name };
  return composeNotice({
    locale: translator.locale,
    subject: translator.t('email-inbox.acknowledgement.subject', params),
    body:
      acknowledgementText.trim() === ''
        ? translator.t('email-inbox.acknowledgement.body', params)
        : fillPlaceholders(acknowledgementText, mailValues({ ticket, customer, mailbox })),
    button: translator.t('email-inbox.acknowledgement.button', params),
    url: new URL(`/tickets/${ticket.number}`, ctx.url).href,
    footer: mailbox.name,
  });
}
