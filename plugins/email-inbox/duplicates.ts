import type { PluginTx } from '@helpdesk/core/plugin';
import { dedupKey } from './mail-identity.ts';
import { describeMail, findMail, settleMail, type StoredMail } from './mails-repository.ts';
import { parseWithin } from './mail-parser.ts';
import { eraseMails, isErased } from './privacy.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';

// What mailing lists put below a mail.
const longestFooter = 1000;

/** The first mail of a key, and the message it became; 0 where it became none. */
export interface First {
  readonly mail_id: number;
  readonly ticket_id: number;
  readonly message_id: number;
}

/** The key that all copies of a mail share: those of one mailbox, or of all that share one ticket (mail.md D1, D2). */
export async function keyOf(ctx: InboxContext, { mail, mailbox, raw }: Arrival): Promise<string> {
  const { sharedMail } = await ctx.settings.get();
  return dedupKey(mail, sharedMail === 'split' ? mailbox.id : 0, raw);
}

/** The mail that has this key already; undefined when it is this one, which became no message and is filed again. */
export async function findFirst(db: InboxContext['db'] | PluginTx, key: string, mailId: number): Promise<First | undefined> {
  const first: First | undefined = await db.table('keys').where({ dedup_key: key }).first();
  return first?.mail_id === mailId && first.message_id === 0 ? undefined : first;
}

/** The unique key decides between two processes that file copies at once; the loser gets the winner's row. */
export async function claimKey(tx: PluginTx, key: string, mailId: number): Promise<First | undefined> {
  const mine = await tx
    .table('keys')
    .insert({ dedup_key: key, mail_id: mailId, ticket_id: 0, message_id: 0 })
    .onConflict('dedup_key')
    .ignore()
    .returning('mail_id');
  return mine.length > 0 ? undefined : findFirst(tx, key, mailId);
}

/** Does what a mail asks for that becomes no message, once for all its copies, and ends its job. */
export async function fileOnce(ctx: InboxContext, arrival: Arrival, key: string, work: (tx: PluginTx) => Promise<void>): Promise<void> {
  const first = await ctx.db.tx(async (tx) => {
    const faster = await claimKey(tx, key, arrival.stored.id);
    if (faster !== undefined) return faster;
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await work(tx);
    await arrival.finish(tx);
    return undefined;
  });
  if (first !== undefined) await fileDuplicate(ctx, arrival, first);
}

/** A second copy keeps its raw bytes and points at the first; a text that says something else is marked (mail.md D1). */
export async function fileDuplicate(ctx: InboxContext, arrival: Arrival, first: First): Promise<void> {
  const firstMail = await findMail(ctx, first.mail_id);
  const wasErased = firstMail !== undefined && isErased(firstMail);
  const differs = firstMail !== undefined && !wasErased && (await differsFrom(ctx, arrival, firstMail));
  const ticketId = first.ticket_id === 0 ? undefined : first.ticket_id;
  await ctx.db.tx(async (tx) => {
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await settleMail(ctx, tx, arrival.stored, {
      state: 'processed',
      kind: arrival.kind.kind,
      reason: 'duplicate',
      ticketId,
      dupOf: first.mail_id,
      differs,
    });
    // One ticket for all the mailboxes it was written to: it stands in the lists of each (mail.md D2).
    if (ticketId !== undefined) await ctx.tickets.shareWith(tx, ticketId, arrival.stored.mailboxId);
    // Whoever asked to be forgotten stays so when the server's folder is read again.
    if (wasErased) await eraseMails(ctx, tx, [arrival.stored]);
    await arrival.finish(tx);
  });
}

/** Whether a copy says something else than the first one, beyond the footer of a list. */
async function differsFrom(ctx: InboxContext, { stored, mail }: Arrival, first: StoredMail): Promise<boolean> {
  if (first.sha256 === stored.sha256) return false;
  const one = plain(mail.text);
  const other = plain((await parseWithin(ctx, await ctx.files.read(first.sha256))).text);
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return !long.startsWith(short) || long.length - short.length > longestFooter;
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
