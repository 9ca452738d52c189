import type { Context, Mailbox, MailFigures } from '@helpdesk/core/plugin';
import { statusOf } from './health.ts';
import { mailsInState, type StoredMail } from './mails-repository.ts';
import { listReceivers, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

const home = '/admin/p/email-inbox';
const dayMs = 86_400_000;

/** The page for administrators: how each mailbox receives and sends, and the mail that became no message. */
export async function showHealth(ctx: InboxContext, request: Context): Promise<void> {
  const { alertMinutes } = await ctx.settings.get();
  const [mailboxes, receivers, failed, ignored, figures, loops] = await Promise.all([
    ctx.mail.mailboxes(),
    listReceivers(ctx),
    mailsInState(ctx, ['failed'], 100),
    mailsInState(ctx, ['ignored'], 20),
    ctx.mail.figures(),
    loopHits(ctx),
  ]);
  const now = ctx.clock.now();
  const alertMs = alertMinutes * 60_000;
  await ctx.http.page(request, {
    area: 'admin',
    template: 'email-inbox/health',
    title: request.state.translator.t('email-inbox.title'),
    view: {
      mailboxes: mailboxes.map((mailbox) => {
        const receiver = receivers.find(({ mailboxId }) => mailboxId === mailbox.id);
        return lineOf(mailbox, { receiver, figures: figures.get(mailbox.id), loops: loops.get(mailbox.id) ?? 0, now, alertMs });
      }),
      failed: failed.map(shown),
      ignored: ignored.map(shown),
    },
  });
}

interface Facts {
  readonly receiver: Receiver | undefined;
  readonly figures: MailFigures | undefined;
  readonly loops: number;
  readonly now: number;
  readonly alertMs: number;
}

const dots = { good: 'good', warn: 'attention', bad: 'problem' } as const;

function lineOf(mailbox: Mailbox, { receiver, figures, loops, now, alertMs }: Facts): object {
  const attempts = (figures?.sent ?? 0) + (figures?.failed ?? 0);
  const isPaused = receiver?.state === 'paused' || !mailbox.isActive;
  const status = receiver === undefined || isPaused ? 'warn' : statusOf(receiver, now, alertMs);
  return {
    name: mailbox.name,
    address: mailbox.address,
    href: `${home}/mailboxes/${mailbox.id}`,
    dot: dots[mailbox.lastError === null || status === 'bad' ? status : 'warn'],
    stateText: `email-inbox.state.${receiver === undefined ? 'none' : receiver.state}`,
    lastFetchAt: receiver?.lastFetchAt ?? undefined,
    lastSentAt: figures?.lastSentAt ?? undefined,
    queuedAt: figures?.oldestQueuedAt ?? undefined,
    failed: figures?.failed ?? 0,
    failedShare: attempts === 0 ? 0 : Math.round(((figures?.failed ?? 0) / attempts) * 100),
    loops,
    errors: [receiver?.lastError, mailbox.lastError].filter((error) => error !== null && error !== undefined),
  };
}

/** How many mails of our own came back in the last day, by mailbox. */
async function loopHits(ctx: InboxContext): Promise<ReadonlyMap<number, number>> {
  const rows: { mailbox_id: number; hits: number | string }[] = await ctx.db
    .table('mails')
    .where({ state: 'ignored' })
    .where((own) => void own.whereIn('kind', ['own-copy', 'own-address']).orWhere('reason', 'L1 loop header'))
    .whereNot('reason', 'test mail')
    .where('updated_at', '>', ctx.clock.now() - dayMs)
    .groupBy('mailbox_id')
    .select('mailbox_id')
    .count({ hits: '*' });
  return new Map(rows.map((row) => [row.mailbox_id, Number(row.hits)]));
}

function shown({ id, subject, sender, reason, size, receivedAt }: StoredMail): object {
  return { subject, sender, reason, size, receivedAt, rawUrl: `${home}/mails/${id}/raw`, retryUrl: `${home}/mails/${id}/retry` };
}
