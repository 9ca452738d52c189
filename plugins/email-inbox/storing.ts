import { crashPoint, type PluginTx } from '@helpdesk/core/plugin';
import { insertMails, type NewMail } from './mails-repository.ts';
import { notStuck } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** A mail as a server or a file gave it. */
export interface RawMail {
  /** Of a mail from a server; see `Receiver`. */
  readonly account?: number | undefined;
  readonly folder: string;
  readonly uidValidity: number;
  readonly uid: number;
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  /** Why the bytes are not the whole mail. */
  readonly cut?: string | undefined;
  /** There is nothing in it to file: it waits for a person. */
  readonly isHeld?: boolean | undefined;
}

const writesAtOnce = 8;

interface StoredUpTo {
  readonly account: number;
  readonly uidValidity: number;
  readonly lastUid: number;
}

export interface StoreOptions {
  /** Queue a job per mail; the command line files its mails itself. */
  readonly isQueued: boolean;
  /** Where fetching stands once these mails are stored; written in the same transaction. */
  readonly cursor?: StoredUpTo | undefined;
}

/**
 * Keeps mails before anything looks into them: the bytes go to the file store, synced, and then the rows,
 * the cursor and the jobs are written together. Dying in between only means that they are fetched again.
 * Returns the ids of the mails that were not there before and can be filed.
 */
export async function storeMails(
  ctx: InboxContext,
  mailboxId: number,
  mails: readonly RawMail[],
  options: StoreOptions,
): Promise<readonly number[]> {
  crashPoint('email-fetched');
  const stored: NewMail[] = [];
  // Each file waits for the disk twice, so a few wait together.
  for (let start = 0; start < mails.length; start += writesAtOnce) {
    stored.push(
      ...(await Promise.all(
        mails.slice(start, start + writesAtOnce).map(async ({ raw, ...mail }) => ({ mailboxId, ...mail, ...(await ctx.files.store(raw)) })),
      )),
    );
  }
  crashPoint('email-stored');
  const ids = await ctx.db.tx(async (tx) => {
    const inserted = await insertMails(ctx, tx, stored);
    if (options.isQueued) for (const id of inserted) await enqueueReceive(ctx, tx, { mailId: id, mailboxId });
    if (options.cursor !== undefined) await advance(tx, mailboxId, options.cursor);
    return inserted;
  });
  crashPoint('email-recorded');
  return ids;
}

/** Queues the filing of one mail; a first try keeps the order of its mailbox, later ones let the others pass. */
export function enqueueReceive(
  ctx: InboxContext,
  tx: PluginTx,
  job: { readonly mailId: number; readonly mailboxId: number; readonly runAt?: number },
): Promise<boolean> {
  return ctx.jobs.enqueue(tx, {
    name: 'receive',
    payload: { mailId: job.mailId },
    dedupeKey: `email-inbox.receive:${job.mailId}`,
    ...(job.runAt === undefined ? { orderKey: `email-inbox:${job.mailboxId}` } : { runAt: job.runAt }),
  });
}

// Forward only: of two processes that fetch at once, the slower one must not take the cursor back.
async function advance(tx: PluginTx, mailboxId: number, { account, uidValidity, lastUid }: StoredUpTo): Promise<void> {
  await tx
    .table('receivers')
    .where({ mailbox_id: mailboxId, account, uidvalidity: uidValidity })
    .where('last_uid', '<', lastUid)
    .update({ last_uid: lastUid, ...notStuck });
}
