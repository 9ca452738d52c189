import type { ImapFlow } from 'imapflow';
import { crashPoint, Unavailable } from '@helpdesk/core/plugin';
import { within } from './imap-connection.ts';
import type { Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

const dayMs = 86_400_000;
const batchSize = 200;

/** Mails whose uids mean something to the server now: those of this account and numbering. */
function reachable(ctx: InboxContext, { mailboxId, account, folder, uidValidity }: Receiver) {
  return ctx.db.table('mails').where({ mailbox_id: mailboxId, account, folder, uidvalidity: uidValidity });
}

/** Those of them that the server has not been told about. */
export function unacknowledged(ctx: InboxContext, receiver: Receiver) {
  return reachable(ctx, receiver).whereNull('acked_at');
}

/** Whether the server is to be told about a mail now, or to delete one. */
export async function hasMarksToSet(ctx: InboxContext, receiver: Receiver): Promise<boolean> {
  const filed = await unacknowledged(ctx, receiver).whereIn('state', ['processed', 'ignored']).first('id');
  return filed !== undefined || (await dueForRemoval(ctx, receiver).first('id')) !== undefined;
}

/**
 * Tells the server which mails are filed; a mail that could not be filed never gets there. Doing it twice
 * does no harm, and failing to do it never brings a mail in again, since the cursor has passed it.
 *
 * @throws Unavailable `email-inbox.ack-refused` when the server takes the mark for none of them.
 */
export async function acknowledge(ctx: InboxContext, client: ImapFlow, receiver: Receiver): Promise<number> {
  if (client.mailbox === false || Number(client.mailbox.uidValidity) !== receiver.uidValidity) return 0;
  const ready: { id: number; uid: number }[] = await unacknowledged(ctx, receiver)
    .whereIn('state', ['processed', 'ignored'])
    .orderBy('id')
    .limit(batchSize)
    .select('id', 'uid');
  if (ready.length > 0) {
    crashPoint('email-before-ack');
    const isCopied = await mark(client, receiver, uidsOf(ready));
    crashPoint('email-acked');
    const now = ctx.clock.now();
    const removeAt = receiver.deletesAfterDays === null ? null : now + receiver.deletesAfterDays * dayMs;
    await ctx.db.tx(async (tx) => {
      const mails = () => tx.table('mails').whereIn('id', idsOf(ready));
      await mails().update({ acked_at: now, ...(isCopied ? { remove_at: removeNow } : {}) });
      // Of one that was not taken in whole the server holds the only original.
      if (!isCopied) await mails().whereNull('cut').update({ remove_at: removeAt });
    });
  }
  await removeDue(ctx, client, receiver);
  return ready.length;
}

/** Whether the mails now lie in another folder too, and are to be removed from this one. */
async function mark(client: ImapFlow, receiver: Receiver, uids: string): Promise<boolean> {
  if (receiver.movesTo !== null && mayRemove(client)) return move(client, uids, receiver.movesTo);
  const keepsUnread = receiver.movesTo === null && receiver.deletesAfterDays === null && receiver.acknowledgesWith === 'keep';
  const flag = keepsUnread ? '$DeskImported' : '\\Seen';
  const box = client.mailbox;
  // A server that keeps no marks of ours is left as it is; the cursor alone remembers.
  if (box === false || box.readOnly === true || (keepsUnread && box.permanentFlags?.has('\\*') !== true)) return false;
  const isTaken = await within(client, 'STORE', client.messageFlagsAdd(uids, [flag], { uid: true }));
  if (!isTaken) throw refused('STORE');
  return false;
}

// Without UIDPLUS an EXPUNGE would also remove what other programs marked (RFC 4315 section 2.1).
function mayRemove({ capabilities }: ImapFlow): boolean {
  return capabilities.has('MOVE') || capabilities.has('UIDPLUS');
}

/** Moves mails, or copies them where the server cannot move: then true, which is noted before anything is removed, so that none is copied twice. */
async function move(client: ImapFlow, uids: string, folder: string): Promise<boolean> {
  const isMove = client.capabilities.has('MOVE');
  const [command, work] = isMove
    ? (['MOVE', () => client.messageMove(uids, folder, { uid: true })] as const)
    : (['COPY', () => client.messageCopy(uids, folder, { uid: true })] as const);
  const attempt = () => within(client, command, work());
  if (await attempt()) return !isMove;
  // The folder may be missing; creating one that exists is refused and changes nothing.
  await within(
    client,
    'CREATE',
    client.mailboxCreate(folder).catch(() => undefined),
  );
  if (!(await attempt())) throw refused(command);
  return !isMove;
}

/** In the place of a time: the mail was copied and goes, whatever the mailbox says of deleting by then. */
const removeNow = 0;

function dueForRemoval(ctx: InboxContext, receiver: Receiver) {
  const until = receiver.deletesAfterDays === null ? removeNow : ctx.clock.now();
  return reachable(ctx, receiver).whereNotNull('remove_at').where('remove_at', '<=', until);
}

async function removeDue(ctx: InboxContext, client: ImapFlow, receiver: Receiver): Promise<void> {
  if (!client.capabilities.has('UIDPLUS')) return;
  const due: { id: number; uid: number }[] = await dueForRemoval(ctx, receiver).orderBy('id').limit(batchSize).select('id', 'uid');
  if (due.length === 0) return;
  if (!(await within(client, 'EXPUNGE', client.messageDelete(uidsOf(due), { uid: true })))) throw refused('EXPUNGE');
  await ctx.db.tx((tx) => tx.table('mails').whereIn('id', idsOf(due)).update({ remove_at: null }));
}

const uidsOf = (mails: readonly { readonly uid: number }[]): string => mails.map(({ uid }) => uid).join(',');
const idsOf = (mails: readonly { readonly id: number }[]): number[] => mails.map(({ id }) => id);

function refused(command: string): Unavailable {
  return new Unavailable('email-inbox.ack-refused', { command, message: `The server refused ${command} for mail that is filed.` });
}
