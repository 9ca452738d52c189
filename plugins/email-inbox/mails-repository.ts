import type { PluginTx } from '@helpdesk/core/plugin';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';
import type { ThreadDecision } from './threading-log.ts';
import { wellFormed } from './well-formed.ts';

/** A mail as it came: where it lay, which stored bytes it is, and what became of it. */
export interface StoredMail {
  readonly id: number;
  readonly mailboxId: number;
  /** Number of the account on the server, as in `Receiver`. */
  readonly account: number;
  readonly folder: string;
  readonly uidValidity: number;
  readonly uid: number;
  readonly sha256: string;
  readonly size: number;
  readonly state: 'new' | 'processed' | 'ignored' | 'failed';
  readonly kind: string | null;
  /** What is said of it now: why it is where it is, or what its last try failed at. */
  readonly reason: string | null;
  /** Why the stored bytes are not the whole mail. */
  readonly cut: string | null;
  readonly attempts: number;
  /** Ids of the files recorded by an earlier attempt, in the order of the attachments. */
  readonly files: readonly number[];
  readonly subject: string;
  readonly sender: string;
  readonly ticketId: number | null;
  readonly messageId: number | null;
  readonly dupOf: number | null;
  readonly receivedAt: number;
  readonly createdAt: number;
}

interface MailRow {
  id: number;
  mailbox_id: number;
  account: number;
  folder: string;
  uidvalidity: number;
  uid: number;
  sha256: string;
  size: number;
  state: StoredMail['state'];
  kind: string | null;
  reason: string | null;
  cut: string | null;
  attempts: number;
  files: string;
  subject: string;
  sender: string;
  ticket_id: number | null;
  message_id: number | null;
  dup_of: number | null;
  received_at: number;
  created_at: number;
}

/** A mail whose bytes are in the file store and that may get a row. */
export interface NewMail {
  readonly mailboxId: number;
  readonly account?: number | undefined;
  readonly folder: string;
  readonly uidValidity: number;
  readonly uid: number;
  readonly sha256: string;
  readonly size: number;
  readonly receivedAt: number;
  /** Why the bytes are not the whole mail. */
  readonly cut?: string | undefined;
  /** There is nothing in it to file: it waits for a person. */
  readonly isHeld?: boolean | undefined;
}

/**
 * Inserts what is not there yet and returns the ids of the new rows that can be filed, in order; the unique key decides,
 * not a look beforehand.
 */
export async function insertMails(ctx: InboxContext, tx: PluginTx, mails: readonly NewMail[]): Promise<readonly number[]> {
  if (mails.length === 0) return [];
  const now = ctx.clock.now();
  const rows: { id: number; state: StoredMail['state'] }[] = await tx
    .table('mails')
    .insert(
      mails.map((mail) => ({
        mailbox_id: mail.mailboxId,
        account: mail.account ?? 0,
        folder: mail.folder,
        uidvalidity: mail.uidValidity,
        uid: mail.uid,
        sha256: mail.sha256,
        size: mail.size,
        state: mail.isHeld === true ? 'failed' : 'new',
        reason: mail.cut ?? null,
        cut: mail.cut ?? null,
        received_at: mail.receivedAt,
        created_at: now,
        updated_at: now,
      })),
    )
    // Whichever key it is: until the contract step there is also the one without an account.
    .onConflict()
    .ignore()
    .returning(['id', 'state']);
  return rows.flatMap(({ id, state }) => (state === 'new' ? [id] : [])).toSorted((a, b) => a - b);
}

/** The mail with this id. */
export async function findMail(ctx: InboxContext, id: number): Promise<StoredMail | undefined> {
  const row: MailRow | undefined = await ctx.db.table('mails').where({ id }).first();
  return row === undefined ? undefined : fromRow(row);
}

/** The mail a message was made of, first copy first. */
export async function mailOfMessage(ctx: InboxContext, messageId: number): Promise<StoredMail | undefined> {
  const row: MailRow | undefined = await ctx.db.table('mails').where({ message_id: messageId }).orderBy('id').first();
  return row === undefined ? undefined : fromRow(row);
}

/** Mails in this state, the last one that came into it first. */
export async function mailsInState(ctx: InboxContext, state: StoredMail['state'], limit: number): Promise<readonly StoredMail[]> {
  const rows: MailRow[] = await ctx.db.table('mails').where({ state }).orderBy('updated_at', 'desc').limit(limit);
  return rows.map(fromRow);
}

/** What a mail became; ids are null when it made no message. */
export interface Outcome {
  readonly state: 'processed' | 'ignored';
  readonly kind: string;
  readonly reason?: string | undefined;
  readonly ticketId?: number | null | undefined;
  readonly messageId?: number | null | undefined;
  readonly dupOf?: number | undefined;
  readonly differs?: boolean | undefined;
  /** Why the mail is in its ticket. */
  readonly thread?: ThreadDecision | undefined;
}

/** Thrown inside the transaction when another process has settled the mail meanwhile. */
export class AlreadySettled extends Error {}

/**
 * Settles a mail inside the transaction that writes its message: whoever comes second is rolled back whole.
 *
 * @throws AlreadySettled
 */
export async function settleMail(ctx: InboxContext, tx: PluginTx, mail: StoredMail, outcome: Outcome): Promise<void> {
  const changed = await tx
    .table('mails')
    .where({ id: mail.id })
    .whereIn('state', ['new', 'failed'])
    .update({
      state: outcome.state,
      kind: outcome.kind,
      reason: outcome.reason ?? mail.cut,
      ticket_id: outcome.ticketId ?? null,
      message_id: outcome.messageId ?? null,
      dup_of: outcome.dupOf ?? null,
      differs: outcome.differs ?? false,
      thread: outcome.thread === undefined ? null : JSON.stringify(outcome.thread),
      next_try: null,
      updated_at: ctx.clock.now(),
    });
  if (changed !== 1) throw new AlreadySettled(`The mail ${mail.id} is settled already.`);
}

/** Notes what the mail log shows of a mail. */
export async function describeMail(tx: PluginTx, mailId: number, mail: ParsedMail): Promise<void> {
  await tx
    .table('mails')
    .where({ id: mailId })
    .update({ subject: wellFormed(mail.subject).slice(0, 300), sender: wellFormed(mail.from[0]?.address ?? '').slice(0, 320) });
}

function fromRow(row: MailRow): StoredMail {
  return {
    id: row.id,
    mailboxId: row.mailbox_id,
    account: row.account,
    folder: row.folder,
    uidValidity: row.uidvalidity,
    uid: row.uid,
    sha256: row.sha256,
    size: row.size,
    state: row.state,
    kind: row.kind,
    reason: row.reason,
    cut: row.cut,
    attempts: row.attempts,
    files: JSON.parse(row.files),
    subject: row.subject,
    sender: row.sender,
    ticketId: row.ticket_id,
    messageId: row.message_id,
    dupOf: row.dup_of,
    receivedAt: row.received_at,
    createdAt: row.created_at,
  };
}

/** A mail that became a message, with the reason why it is in its ticket. */
export interface ThreadedMail {
  readonly id: number;
  readonly messageId: number;
  readonly mailboxId: number;
  readonly sender: string;
  readonly subject: string;
  readonly decision: ThreadDecision;
}

/** The mails that these messages were made of. */
export async function threadedMails(ctx: InboxContext, messageIds: readonly number[]): Promise<readonly ThreadedMail[]> {
  if (messageIds.length === 0) return [];
  const rows: (MailRow & { thread: string })[] = await ctx.db
    .table('mails')
    .whereIn('message_id', [...messageIds])
    .whereNotNull('thread')
    .orderBy('id');
  return rows.map((row) => ({
    id: row.id,
    messageId: Number(row.message_id),
    mailboxId: row.mailbox_id,
    sender: row.sender,
    subject: row.subject,
    decision: { ...JSON.parse(row.thread) },
  }));
}

/** Notes that a message was moved to another ticket. */
export async function moveMails(tx: PluginTx, messageId: number, ticketId: number): Promise<void> {
  await tx.table('mails').where({ message_id: messageId }).update({ ticket_id: ticketId });
  await tx.table('keys').where({ message_id: messageId }).update({ ticket_id: ticketId });
}
