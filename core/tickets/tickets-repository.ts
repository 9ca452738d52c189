import type { Reader, Tx } from '../storage/index.ts';
import type { Category, Place, Priority, Status, Ticket } from './types.ts';

export interface TicketRow {
  id: number;
  number: number;
  subject: string;
  status_id: number;
  category: Category;
  place: Place;
  priority: Priority;
  channel: string;
  mailbox_id: number | null;
  requester_id: number;
  organization_id: number | null;
  assignee_id: number | null;
  merged_into_id: number | null;
  locale: string | null;
  preview: string;
  message_count: number;
  last_message_id: number | null;
  last_direction: 'in' | 'out' | null;
  last_message_at: number;
  snoozed_until: number | null;
  solved_at: number | null;
  closed_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

/** The only place outside visible-tickets.ts that names the table. */
export async function findTicket(reader: Reader, id: number): Promise<Ticket | undefined> {
  const row: TicketRow | undefined = await reader('tickets').where({ id }).first();
  return row === undefined ? undefined : ticketFromRow(row);
}

/**
 * The ticket as it is until the transaction ends. What is checked or counted from must be read by this: PostgreSQL
 * lets two transactions read one ticket and write it one after the other.
 */
export async function lockTicket(tx: Tx, id: number): Promise<Ticket | undefined> {
  const locking = tx('tickets').where({ id });
  if (tx.client.config.client === 'pg') void locking.forUpdate();
  const row: TicketRow | undefined = await locking.first();
  return row === undefined ? undefined : ticketFromRow(row);
}

/** By the number people use; a number of a merged or imported ticket leads to the one that took it over. */
export async function ticketIdOfNumber(reader: Reader, number: number): Promise<number | undefined> {
  // The shell that a merge leaves keeps its number; the alias is what leads on.
  const row = await reader('tickets').where({ number }).whereNull('deleted_at').first('id');
  if (row !== undefined) return row.id;
  const alias = await reader('ticket_aliases').where({ number }).first('ticket_id');
  return alias?.ticket_id;
}

/** Numbers of tickets by id; ids never change their number. */
export async function ticketNumbers(reader: Reader, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const rows: { id: number; number: number }[] = await reader('tickets').whereIn('id', ids).select('id', 'number');
  return new Map(rows.map(({ id, number }) => [id, number]));
}

// Longer than any honest chain; a cycle must not hang the desk.
const maxMerges = 20;

/** Follows merges to the ticket that lives. */
export async function livingTicket(reader: Reader, ticket: Ticket): Promise<Ticket> {
  let current = ticket;
  for (let step = 0; step < maxMerges && current.mergedIntoId !== null; step += 1) {
    const next = await findTicket(reader, current.mergedIntoId);
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

export async function nextNumber(tx: Tx): Promise<number> {
  const [row]: { next: number }[] = await tx('ticket_numbers')
    .where({ id: 1 })
    .update({ next: tx.raw('next + 1') })
    .returning('next');
  return (row?.next ?? 1) - 1;
}

export type NewTicketRow = Omit<TicketRow, 'id' | 'version' | 'merged_into_id' | 'deleted_at' | 'closed_at' | 'solved_at'>;

export async function insertTicket(tx: Tx, row: NewTicketRow): Promise<Ticket> {
  const [inserted]: TicketRow[] = await tx('tickets').insert(row).returning('*');
  if (inserted === undefined) throw new Error('The ticket row was not returned.');
  await count(tx, inserted, 1);
  return ticketFromRow(inserted);
}

/** The second half of an insert: ticket and message point at each other. */
export async function setFirstMessage(tx: Tx, id: number, messageId: number): Promise<void> {
  await tx('tickets').where({ id }).update({ last_message_id: messageId });
}

/** Changes a ticket, keeps the counters that every page shows, and adds one to its version. */
export async function updateTicket(tx: Tx, id: number, changes: Partial<Omit<TicketRow, 'id' | 'version'>>): Promise<Ticket> {
  // The lock makes before and after belong together when two transactions change one ticket.
  const locking = tx('tickets').where({ id });
  if (tx.client.config.client === 'pg') void locking.forUpdate();
  const before: TicketRow | undefined = await locking.first();
  const [after]: TicketRow[] = await tx('tickets')
    .where({ id })
    .update({ ...changes, version: tx.raw('version + 1') })
    .returning('*');
  if (before === undefined || after === undefined) throw new Error(`There is no ticket ${id} to change.`);
  if (bucketOf(before) !== bucketOf(after) || before.mailbox_id !== after.mailbox_id || before.assignee_id !== after.assignee_id) {
    await count(tx, before, -1);
    await count(tx, after, 1);
    await countShared(tx, before, after);
  }
  return ticketFromRow(after);
}

/** `shared` is beside them: what a mailbox shows of the tickets of others. */
export type Bucket = Category | 'snoozed' | 'spam' | 'trash' | 'merged';

type Counted = Pick<TicketRow, 'place' | 'category' | 'snoozed_until' | 'merged_into_id' | 'mailbox_id' | 'assignee_id'>;

/** The one counter a ticket is counted in. */
export function bucketOf(ticket: Counted): Bucket {
  if (ticket.merged_into_id !== null) return 'merged';
  if (ticket.place !== 'desk') return ticket.place;
  if (ticket.snoozed_until !== null && ticket.category !== 'solved' && ticket.category !== 'closed') return 'snoozed';
  return ticket.category;
}

function count(tx: Tx, ticket: Counted, step: 1 | -1): Promise<void> {
  return add(tx, { mailbox_id: ticket.mailbox_id ?? 0, assignee_id: ticket.assignee_id ?? 0, bucket: bucketOf(ticket) }, step);
}

/** Whether a ticket counts in a mailbox that it is shared with: only open ones drive work. */
function countsIn(ticket: Counted, mailboxId: number): boolean {
  return bucketOf(ticket) === 'open' && ticket.mailbox_id !== mailboxId;
}

/** Adds a ticket to the counter of a mailbox that shows it from now on, or takes it out. */
export async function countShare(tx: Tx, ticket: Ticket, mailboxId: number, step: 1 | -1): Promise<void> {
  if (countsIn(countedOf(ticket), mailboxId)) await add(tx, { mailbox_id: mailboxId, assignee_id: 0, bucket: 'shared' }, step);
}

function countedOf({ place, category, snoozedUntil, mergedIntoId, mailboxId, assigneeId }: Ticket): Counted {
  return {
    place,
    category,
    snoozed_until: snoozedUntil,
    merged_into_id: mergedIntoId,
    mailbox_id: mailboxId,
    assignee_id: assigneeId,
  };
}

async function countShared(tx: Tx, before: TicketRow, after: TicketRow): Promise<void> {
  if (bucketOf(before) === bucketOf(after) && before.mailbox_id === after.mailbox_id) return;
  const shared: number[] = await tx('ticket_mailboxes').where({ ticket_id: after.id }).pluck('mailbox_id');
  for (const mailboxId of shared) {
    const [was, is] = [countsIn(before, mailboxId), countsIn(after, mailboxId)];
    if (was !== is) await add(tx, { mailbox_id: mailboxId, assignee_id: 0, bucket: 'shared' }, is ? 1 : -1);
  }
}

interface CounterKey {
  readonly mailbox_id: number;
  readonly assignee_id: number;
  readonly bucket: Bucket | 'shared';
}

async function add(tx: Tx, key: CounterKey, step: 1 | -1): Promise<void> {
  await tx('ticket_counts')
    .insert({ ...key, tickets: step })
    .onConflict(['mailbox_id', 'assignee_id', 'bucket'])
    .merge({ tickets: tx.raw('ticket_counts.tickets + ?', [step]) });
}

export interface TicketCount {
  readonly mailboxId: number;
  readonly assigneeId: number;
  readonly bucket: Bucket | 'shared';
  readonly tickets: number;
}

export async function ticketCounts(reader: Reader): Promise<readonly TicketCount[]> {
  const rows = await reader('ticket_counts').where('tickets', '>', 0);
  return rows.map((row) => ({ mailboxId: row.mailbox_id, assigneeId: row.assignee_id, bucket: row.bucket, tickets: row.tickets }));
}

interface StatusRow {
  id: number;
  key: string;
  category: Category;
  names: string;
  customer_names: string;
  position: number;
  is_default: boolean | number;
}

export async function listStatuses(reader: Reader): Promise<readonly Status[]> {
  const rows: StatusRow[] = await reader('ticket_statuses').whereNull('archived_at').orderBy(['position', 'id']);
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    category: row.category,
    names: JSON.parse(row.names),
    customerNames: JSON.parse(row.customer_names),
    position: row.position,
    isDefault: Boolean(row.is_default),
  }));
}

export async function tagsOf(reader: Reader, ticketIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
  if (ticketIds.length === 0) return new Map();
  const rows: { ticket_id: number; name: string }[] = await reader('ticket_tags')
    .join('tags', 'tags.id', 'ticket_tags.tag_id')
    .whereIn('ticket_id', ticketIds)
    .orderBy('tags.name')
    .select('ticket_id', 'name');
  const tags = new Map<number, string[]>();
  for (const row of rows) tags.set(row.ticket_id, [...(tags.get(row.ticket_id) ?? []), row.name]);
  return tags;
}

export async function followersOf(reader: Reader, ticketId: number): Promise<readonly number[]> {
  const rows: { user_id: number }[] = await reader('followers').where({ ticket_id: ticketId }).orderBy('created_at').select('user_id');
  return rows.map((row) => row.user_id);
}

export function ticketFromRow(row: TicketRow): Ticket {
  return {
    id: row.id,
    number: row.number,
    subject: row.subject,
    statusId: row.status_id,
    category: row.category,
    place: row.place,
    priority: row.priority,
    channel: row.channel,
    mailboxId: row.mailbox_id,
    requesterId: row.requester_id,
    organizationId: row.organization_id,
    assigneeId: row.assignee_id,
    mergedIntoId: row.merged_into_id,
    locale: row.locale,
    preview: row.preview,
    messageCount: row.message_count,
    lastMessageId: row.last_message_id,
    lastDirection: row.last_direction,
    lastMessageAt: row.last_message_at,
    snoozedUntil: row.snoozed_until,
    solvedAt: row.solved_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}
