import { ownReason, type HealthCheck } from '@helpdesk/core/plugin';
import { mailsInState } from './mails-repository.ts';
import { listReceivers, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** How receiving goes, a line per mailbox, and one for mail in quarantine. */
export async function healthChecks(ctx: InboxContext): Promise<readonly HealthCheck[]> {
  const { alertMinutes } = await ctx.settings.get();
  const [mailboxes, receivers, failed] = await Promise.all([ctx.mail.mailboxes(), listReceivers(ctx), mailsInState(ctx, 'failed', 100)]);
  const now = ctx.clock.now();
  const lines = mailboxes.flatMap(({ id, address, isActive }): readonly HealthCheck[] => {
    const receiver = receivers.find(({ mailboxId }) => mailboxId === id);
    if (receiver === undefined || !isActive) return [];
    const status = statusOf(receiver, now, alertMinutes * 60_000);
    const problem = receiver.lastError === null ? 'late' : 'error';
    return [
      {
        id: `receiving-${id}`,
        status,
        text: `email-inbox.health.${status === 'good' ? 'good' : problem}`,
        params: { address, error: ownReason('email-inbox.said', { why: receiver.lastError ?? '' }) },
      },
    ];
  });
  if (failed.length === 0) return lines;
  return [...lines, { id: 'quarantine', status: 'warn', text: 'email-inbox.health.quarantine', params: { count: failed.length } }];
}

/** Good while the last pass went well; bad once none has for the configured time or the account is refused. */
export function statusOf(receiver: Receiver, now: number, alertMs: number): 'good' | 'warn' | 'bad' {
  const seenAt = receiver.lastFetchAt ?? receiver.createdAt;
  if (receiver.state === 'refused' || now - seenAt > alertMs) return 'bad';
  return receiver.lastError === null ? 'good' : 'warn';
}

const stuckMs = 15 * 60_000;

/** Invariants for `doctor`: every processed mail has exactly one message, and none lies unfiled. */
export async function checkMails(ctx: InboxContext): Promise<readonly string[]> {
  const mails = (): ReturnType<typeof ctx.db.table> => ctx.db.table('mails');
  const reports = ['bounce', 'delay', 'delivered', 'mdn', 'feedback', 'command'];
  const without: number[] = await mails()
    .where({ state: 'processed' })
    .whereNotIn('kind', reports)
    .whereNull('message_id')
    .whereNull('dup_of')
    .limit(100)
    .pluck('id');
  const doubled: number[] = await mails()
    .whereNotNull('message_id')
    .groupBy('message_id')
    .havingRaw('count(*) > 1')
    .limit(100)
    .pluck('message_id');
  const now = ctx.clock.now();
  const stuck: number[] = await mails()
    .where({ state: 'new' })
    .where('created_at', '<', now - stuckMs)
    .where((due) => void due.whereNull('next_try').orWhere('next_try', '<', now - stuckMs))
    .limit(100)
    .pluck('id');
  const open: number[] = await mails()
    .whereIn('id', ctx.db.table('keys').where({ message_id: 0 }).select('mail_id'))
    .whereNotNull('message_id')
    .limit(100)
    .pluck('id');
  return [
    ...without.map((id) => `The mail ${id} is processed and has no message.`),
    ...doubled.map((id) => `The message ${id} was made of more than one mail.`),
    ...stuck.map((id) => `The mail ${id} has been waiting to be filed for more than 15 minutes.`),
    ...open.map((id) => `The key of the mail ${id} does not name its message.`),
  ];
}

/** Every raw mail is still in the file store; slow on large desks, so the newest thousand. */
export async function checkRawMails(ctx: InboxContext): Promise<readonly string[]> {
  const rows: { id: number; sha256: string }[] = await ctx.db.table('mails').orderBy('id', 'desc').limit(1000).select('id', 'sha256');
  const missing: string[] = [];
  for (const { id, sha256 } of rows) {
    const isThere = await ctx.files.read(sha256).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(`The original of mail ${id} is missing.`);
  }
  return missing;
}
