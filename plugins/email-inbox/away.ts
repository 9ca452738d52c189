import { composeNotice, fillPlaceholders, mailValues, type JobHandler, type Mailbox, type PluginTx } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { settingsOf, type InboxContext } from './settings.ts';

/** The last day of the absence that covers today at this mailbox, or undefined; days are those of the site's time zone. */
export async function awayUntil(ctx: InboxContext, mailbox: Mailbox): Promise<string | undefined> {
  const { awayFrom, awayUntil: until, awayText } = await settingsOf(ctx, mailbox);
  if (until === '' || awayText.trim() === '') return undefined;
  const { timeZone } = await ctx.site();
  // In the Swedish form a date is its ISO 8601 text, which also sorts.
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(ctx.clock.now());
  return (awayFrom === '' || awayFrom <= today) && today <= until ? until : undefined;
}

/** Queues the notice of absence for a mail that a person wrote, when the mailbox is away. */
export async function queueAway(ctx: InboxContext, tx: PluginTx, mailbox: Mailbox, messageId: number): Promise<void> {
  await ctx.jobs.enqueue(tx, { name: 'away', payload: { mailboxId: mailbox.id, messageId }, dedupeKey: `email-inbox.away:${messageId}` });
}

/** The job that answers with the mailbox's notice of absence: once for each address and absence, within the loop budget. */
export function awayJob(ctx: InboxContext): JobHandler {
  return async (job) => {
    const mailbox = await ctx.mail.mailbox(Number(job.payload['mailboxId']));
    const message = await ctx.tickets.message(Number(job.payload['messageId']));
    const to = message?.addresses.replyTo ?? message?.addresses.from;
    const ticket = message === undefined ? undefined : await ctx.tickets.living(message.ticketId);
    const until = mailbox === undefined || !mailbox.isActive ? undefined : await awayUntil(ctx, mailbox);
    if (mailbox === undefined || message === undefined || to === undefined || ticket?.place !== 'desk' || until === undefined) return;
    const customer = message.authorId === null ? undefined : await ctx.users.get(message.authorId);
    const translator = ctx.i18n.translatorFor(customer?.locale ?? mailbox.locale);
    const { awayText } = await settingsOf(ctx, mailbox);
    const notice = composeNotice({
      locale: translator.locale,
      subject: translator.t('email-inbox.away.subject', { subject: ticket.subject }),
      body: fillPlaceholders(awayText, mailValues({ ticket, customer, mailbox })),
      button: translator.t('email-inbox.acknowledgement.button'),
      url: new URL(`/tickets/${ticket.number}`, ctx.url).href,
      footer: mailbox.name,
    });
    await ctx.db.tx(async (tx) => {
      const mine = await tx
        .table('away_notices')
        .insert({ address_key: addressKey(to.email), mailbox_id: mailbox.id, until, created_at: ctx.clock.now() })
        .onConflict(['address_key', 'mailbox_id', 'until'])
        .ignore()
        .returning('until');
      if (mine.length > 0)
        await ctx.mail.queueAutomatic(
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
      await job.finish(tx);
    });
  };
}
