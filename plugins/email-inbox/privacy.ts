import { createHash } from 'node:crypto';
import type { JobHandler, PluginContext, PluginTx, PrivacySubject } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import type { StoredMail } from './mails-repository.ts';
import type { InboxContext } from './settings.ts';

const nothing = new Uint8Array();
const emptyHash = createHash('sha256').update(nothing).digest('hex');

/** The mails of a person: those they sent, and those filed in their tickets, as they came. */
export function privacyAnswer(ctx: InboxContext): Parameters<PluginContext['privacy']['declare']>[0] {
  return {
    export: async (person) => {
      const rows: { id: number; subject: string; sender: string; received_at: number; sha256: string; ticket_id: number | null }[] =
        await mailsOf(ctx.db.table('mails'), person).orderBy('id').select('id', 'subject', 'sender', 'received_at', 'sha256', 'ticket_id');
      const mails = await Promise.all(
        rows.map(async ({ sha256, ...mail }) => ({ ...mail, source: (await ctx.files.read(sha256)).toString('utf8') })),
      );
      const corrections: object[] = await ctx.db
        .table('corrections')
        .whereIn('sender', person.emails.map(addressKey))
        .select('sender', 'mailbox_id', 'wrong_ticket_id', 'right_ticket_id', 'created_at');
      return { mails, corrections };
    },
    erase: async (tx, person) => {
      const rows: StoredBytes[] = await mailsOf(tx.table('mails'), person).select('id', 'sha256');
      await tx.table('corrections').whereIn('sender', person.emails.map(addressKey)).delete();
      await eraseMails(ctx, tx, rows);
    },
  };
}

type StoredBytes = Pick<StoredMail, 'id' | 'sha256'>;

/** Takes everything personal out of mails. The rows stay: they keep the same mail from being fetched or filed a second time. */
export async function eraseMails(ctx: InboxContext, tx: PluginTx, mails: readonly StoredBytes[]): Promise<void> {
  const ids = mails.map(({ id }) => id);
  await ctx.files.store(nothing);
  await tx
    .table('mails')
    .whereIn('id', ids)
    .update({ subject: '', sender: '', thread: null, files: '[]', reason: null, sha256: emptyHash, size: 0 });
  // A mail that was still to be filed is not: its words are gone.
  await tx.table('mails').whereIn('id', ids).whereIn('state', ['new', 'failed']).update({ state: 'ignored', next_try: null });
  const hashes = new Set(mails.map(({ sha256 }) => sha256).filter((one) => one !== emptyHash));
  if (hashes.size > 0) await ctx.jobs.enqueue(tx, { name: 'remove-files', payload: { hashes: [...hashes] } });
}

/** Whether everything personal was taken out of a mail. */
export function isErased({ sha256 }: StoredBytes): boolean {
  return sha256 === emptyHash;
}

function mailsOf(mails: ReturnType<PluginTx['table']>, { emails, ticketIds }: PrivacySubject): ReturnType<PluginTx['table']> {
  const senders = emails.map((email) => email.toLowerCase());
  return mails.where((own) => {
    void own.whereIn('ticket_id', [...ticketIds]);
    for (const sender of senders) void own.orWhereRaw('lower(sender) = ?', [sender]);
  });
}

/** The job that deletes the bytes of erased mails. */
export function removeFilesJob(ctx: InboxContext): JobHandler {
  return async ({ payload }) => {
    for (const sha256 of payload['hashes'] as readonly string[]) await ctx.files.remove(sha256);
  };
}

/** One mail to two mailboxes is stored once, and somebody may attach a mail as a file: a row here still needs the bytes. */
export async function neededNoMore(ctx: InboxContext, hashes: readonly string[]): Promise<readonly string[]> {
  const held: string[] = await ctx.db.table('mails').whereIn('sha256', hashes).pluck('sha256');
  return hashes.filter((one) => !held.includes(one));
}
