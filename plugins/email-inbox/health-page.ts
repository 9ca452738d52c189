import { ownReason, reasonInWords, type Context, type MailAccount, type Mailbox, type SendingHealth } from '@helpdesk/core/plugin';
import { statusOf } from './health.ts';
import { mailsInState, type StoredMail } from './mails-repository.ts';
import { listReceivers, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

const home = '/admin/p/email-inbox';
const dayMs = 86_400_000;

/** The page for administrators: how each mailbox receives and sends, and the mail that became no message. */
export async function showHealth(ctx: InboxContext, request: Context): Promise<void> {
  const { alertMinutes } = await ctx.settings.get();
  const mailboxes = await ctx.mail.mailboxes();
  const [receivers, failed, ignored, ownBack, sending] = await Promise.all([
    listReceivers(ctx),
    mailsInState(ctx, 'failed', 100),
    mailsInState(ctx, 'ignored', 20),
    ownMailsBack(ctx),
    Promise.all(
      mailboxes.map(async (mailbox) => {
        const [health, account] = await Promise.all([ctx.mail.sendingHealth(mailbox.id), ctx.mail.account(mailbox.id)]);
        return { mailbox, health, account };
      }),
    ),
  ]);
  const now = ctx.clock.now();
  const alertMs = alertMinutes * 60_000;
  const { translator } = request.state;
  const words = (reason: string): string => reasonInWords(translator, reason);
  await ctx.http.page(request, {
    area: 'admin',
    template: 'email-inbox/health',
    title: translator.t('email-inbox.title'),
    view: {
      mailboxes: sending.map(({ mailbox, ...facts }) => {
        const receiver = receivers.find(({ mailboxId }) => mailboxId === mailbox.id);
        return lineOf(mailbox, { ...facts, receiver, ownBack: ownBack.get(mailbox.id) ?? 0, now, alertMs, words });
      }),
      failed: failed.map(shown),
      ignored: ignored.map(shown),
    },
  });
}

interface Facts {
  readonly receiver: Receiver | undefined;
  readonly health: SendingHealth;
  readonly account: MailAccount | undefined;
  /** Mails of this desk that came back to it. */
  readonly ownBack: number;
  readonly now: number;
  readonly words: (reason: string) => string;
  readonly alertMs: number;
}

const dots = { good: 'good', warn: 'attention', bad: 'problem' } as const;

function lineOf(mailbox: Mailbox, { receiver, health, account, ownBack, now, alertMs, words }: Facts): object {
  const isPaused = receiver?.state === 'paused' || !mailbox.isActive;
  const status = receiver === undefined || isPaused ? 'warn' : statusOf(receiver, now, alertMs);
  return {
    name: mailbox.name,
    address: mailbox.address,
    href: `${home}/mailboxes/${mailbox.id}`,
    dot: dots[mailbox.lastError === null || status === 'bad' ? status : 'warn'],
    stateText: `email-inbox.state.${receiver === undefined ? 'none' : receiver.state}`,
    lastFetchAt: receiver?.lastFetchAt ?? undefined,
    lastSentAt: health.lastSentAt ?? undefined,
    queuedAt: health.oldestQueuedAt ?? undefined,
    failed: health.failed7Days,
    uncertain: health.uncertain,
    bounceShare: Math.round(health.bounceRate7Days * 1000) / 10,
    sent: health.sent7Days,
    loops: ownBack + health.loopGuardHits7Days,
    isSignedOut: account?.state === 'signed-out',
    signedInUntil: account?.state === 'active' ? account.expiresAt : undefined,
    errors: [receiver?.lastError, mailbox.lastError, account?.error].flatMap((error) =>
      error === null || error === undefined ? [] : [words(error)],
    ),
  };
}

/** How many mails of our own came back in the last seven days, by mailbox. */
async function ownMailsBack(ctx: InboxContext): Promise<ReadonlyMap<number, number>> {
  const rows: { mailbox_id: number; hits: number | string }[] = await ctx.db
    .table('mails')
    .where({ state: 'ignored' })
    .whereIn('reason', [own, ...Object.keys(ruleReasons).filter((rule) => ruleReasons[rule] === own)])
    .where('updated_at', '>', ctx.clock.now() - 7 * dayMs)
    .groupBy('mailbox_id')
    .select('mailbox_id')
    .count({ hits: '*' });
  return new Map(rows.map((row) => [row.mailbox_id, Number(row.hits)]));
}

const own = ownReason('email-inbox.ignored.own');

/** Why a mail was left out, for rows that were stored when they still got the name of the rule. */
const ruleReasons: Readonly<Record<string, string>> = {
  'L1 own copy': own,
  'L1 loop header': own,
  'L2 own address': own,
  'L10 list or bulk': ownReason('email-inbox.ignored.list'),
  'test mail': ownReason('email-inbox.ignored.test'),
};

function shown({ id, subject, sender, reason: stored, size, receivedAt }: StoredMail): object {
  const reason = ruleReasons[stored ?? ''] ?? stored ?? undefined;
  return { subject, sender, reason, size, receivedAt, rawUrl: `${home}/mails/${id}/raw`, retryUrl: `${home}/mails/${id}/retry` };
}
