import { createHash } from 'node:crypto';
import type { Ticket } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import type { InboxContext } from './settings.ts';
import { baseSubject } from './threading-ids.ts';

/** What an agent said about the mails of one sender to one mailbox. */
export interface Correction {
  readonly id: number;
  readonly mailboxId: number;
  readonly sender: string;
  /** The ticket such a mail must not join; 0: it must not open one. */
  readonly wrongTicketId: number;
  readonly rightTicketId: number;
  readonly createdBy: number | null;
  readonly createdAt: number;
}

interface CorrectionRow {
  id: number;
  mailbox_id: number;
  sender: string;
  wrong_ticket_id: number;
  subject_hash: string;
  right_ticket_id: number;
  created_by: number | null;
  created_at: number;
}

export interface Remark {
  readonly mailboxId: number;
  readonly sender: string;
  /** Undefined for a mail that opened a ticket; then its subject says which mails are like it. */
  readonly wrongTicketId: number | undefined;
  readonly subject: string;
  readonly rightTicketId: number;
  readonly userId: number;
}

const mostShown = 200;
// One sender has a handful; more than this would be a flood.
const mostAsked = 100;

/** Remembers where the next such mail belongs; a later remark about the same takes the place of an earlier one. */
export async function remember(ctx: InboxContext, remark: Remark): Promise<void> {
  const row = {
    mailbox_id: remark.mailboxId,
    sender: addressKey(remark.sender).slice(0, 320),
    wrong_ticket_id: remark.wrongTicketId ?? 0,
    subject_hash: remark.wrongTicketId === undefined ? subjectHash(remark.subject) : '',
    right_ticket_id: remark.rightTicketId,
    created_by: remark.userId,
    created_at: ctx.clock.now(),
  };
  await ctx.db.tx(async (tx) => {
    await tx
      .table('corrections')
      .insert(row)
      .onConflict(['mailbox_id', 'sender', 'wrong_ticket_id', 'subject_hash'])
      .merge(['right_ticket_id', 'created_by', 'created_at']);
  });
}

export interface Asked {
  readonly mailboxId: number;
  readonly author: string | undefined;
  readonly subject: string;
  /** The ticket that the rules found. */
  readonly found: Ticket | undefined;
}

/** The ticket an agent named for mails like this one; undefined when nothing was said or that ticket is gone. */
export async function remembered(ctx: InboxContext, { mailboxId, author, subject, found }: Asked): Promise<Ticket | undefined> {
  if (author === undefined) return undefined;
  const rows: CorrectionRow[] = await ctx.db
    .table('corrections')
    .where({ mailbox_id: mailboxId, sender: author.slice(0, 320) })
    .orderBy('id', 'desc')
    .limit(mostAsked);
  for (const row of rows) {
    const isLike =
      found === undefined
        ? row.wrong_ticket_id === 0 && row.subject_hash === subjectHash(subject)
        : row.wrong_ticket_id !== 0 && (await ctx.tickets.living(row.wrong_ticket_id))?.id === found.id;
    if (!isLike) continue;
    const right = await ctx.tickets.living(row.right_ticket_id);
    if (right !== undefined && right.deletedAt === null && right.id !== found?.id) return right;
  }
  return undefined;
}

/** Everything remembered, newest first. */
export async function listCorrections(ctx: InboxContext): Promise<readonly Correction[]> {
  const rows: CorrectionRow[] = await ctx.db.table('corrections').orderBy('id', 'desc').limit(mostShown);
  return rows.map((row) => ({
    id: row.id,
    mailboxId: row.mailbox_id,
    sender: row.sender,
    wrongTicketId: row.wrong_ticket_id,
    rightTicketId: row.right_ticket_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }));
}

export async function forget(ctx: InboxContext, id: number): Promise<void> {
  await ctx.db.tx(async (tx) => {
    await tx.table('corrections').where({ id }).delete();
  });
}

function subjectHash(subject: string): string {
  return createHash('sha256').update(baseSubject(subject).toLowerCase()).digest('hex');
}
