import { TryLater, Unavailable, type JobHandler } from '@helpdesk/core/plugin';
import { fetchAgain } from './fetching-again.ts';
import { findMail } from './mails-repository.ts';
import { noteFailure, receiveMail } from './receiving.ts';
import type { InboxContext } from './settings.ts';
import { enqueueReceive } from './storing.ts';
import { isStandIn } from './transferring.ts';

// A mail that takes the process down with it must not do so for ever.
const maxDeaths = 5;
const keylessMs = 60_000;

/** The job that files one mail. It fails only when the database does: a mail that cannot be filed must not hold up the next. */
export function receiveJob(ctx: InboxContext): JobHandler {
  return async (job) => {
    const stored = await findMail(ctx, Number(job.payload['mailId']));
    if (stored === undefined) return;
    try {
      if (job.attempts > maxDeaths) throw new Error(`Filing this mail ended the process or its job ${maxDeaths} times.`);
      await receiveMail(ctx, isStandIn(stored) ? await fetchAgain(ctx, stored) : stored, { finish: (tx) => job.finish(tx) });
    } catch (error) {
      // Without the key file no mail can be told from our own. That is no mail's fault: each waits in its place, as long as it takes.
      if (error instanceof Unavailable && error.code === 'secrets.key-missing')
        throw new TryLater(error.message, keylessMs, { isFree: true, cause: error });
      const isOver = job.attempts > maxDeaths;
      await noteFailure(ctx, isOver ? { ...stored, attempts: maxDeaths } : stored, error, (tx) => job.finish(tx));
    }
  };
}

const staleMs = 120_000;

/** Queues mails that wait without a job, as after an import that was broken off. */
export async function sweepMails(ctx: InboxContext): Promise<void> {
  const now = ctx.clock.now();
  const waiting: { id: number; mailbox_id: number }[] = await ctx.db
    .table('mails')
    .where({ state: 'new' })
    .where('updated_at', '<', now - staleMs)
    .where((due) => void due.whereNull('next_try').orWhere('next_try', '<', now))
    .orderBy('id')
    .limit(500)
    .select('id', 'mailbox_id');
  if (waiting.length === 0) return;
  await ctx.db.tx(async (tx) => {
    for (const { id, mailbox_id: mailboxId } of waiting) await enqueueReceive(ctx, tx, { mailId: id, mailboxId });
  });
}

/** Puts a mail that became no message back to be read and filed; false when it became one, or is about to. */
export async function retryMail(ctx: InboxContext, mailId: number): Promise<boolean> {
  const now = ctx.clock.now();
  return ctx.db.tx(async (tx) => {
    const [row]: { mailbox_id: number }[] = await tx
      .table('mails')
      .where({ id: mailId })
      .whereIn('state', ['failed', 'ignored'])
      .update({ state: 'new', attempts: 0, reason: null, next_try: null, updated_at: now })
      .returning('mailbox_id');
    if (row === undefined) return false;
    await enqueueReceive(ctx, tx, { mailId, mailboxId: row.mailbox_id, runAt: now });
    return true;
  });
}
