import type { Reader, Tx } from '../storage/index.ts';
import type { OutboxEntry, OutboxState } from './types.ts';

interface OutboxRow {
  id: number;
  kind: OutboxEntry['kind'];
  ticket_id: number | null;
  message_ref: number | null;
  mailbox_id: number | null;
  state: OutboxState;
  envelope: string;
  headers: string;
  subject: string;
  text: string;
  html: string | null;
  files: string;
  message_id: string;
  send_after: number;
  attempts: number;
  may_be_doubled: boolean | number;
  first_tried_at: number | null;
  deferrals: number;
  doubts: number;
  on_wire: boolean | number;
  error: string | null;
  response: string | null;
  sent_at: number | null;
  created_at: number;
  updated_at: number;
}

export async function findOutboxEntry(reader: Reader, id: number): Promise<OutboxEntry | undefined> {
  const row: OutboxRow | undefined = await reader('outbox').where({ id }).first();
  return row === undefined ? undefined : entryFromRow(row);
}

/** Delivery of messages, by message id. */
export async function deliveriesOf(reader: Reader, messageIds: readonly number[]): Promise<ReadonlyMap<number, OutboxEntry>> {
  if (messageIds.length === 0) return new Map();
  const rows: OutboxRow[] = await reader('outbox').whereIn('message_ref', messageIds).where({ kind: 'reply' }).orderBy('id');
  return new Map(rows.map((row) => [row.message_ref ?? 0, entryFromRow(row)]));
}

/** Compare-and-set of the state; false when somebody else moved it first. */
export async function moveOutboxState(
  tx: Tx,
  id: number,
  from: readonly OutboxState[],
  change: Readonly<Record<string, unknown>> & { readonly state: OutboxState },
): Promise<boolean> {
  return (await tx('outbox').where({ id }).whereIn('state', from).update(change)) === 1;
}

/** Notes that the server has asked for the content: from here on a copy may exist. */
export async function setOnWire(tx: Tx, id: number): Promise<void> {
  await tx('outbox').where({ id, state: 'sending' }).update({ on_wire: true });
}

/** A mail in doubt stays so and waits longer. */
export async function putOffDoubt(tx: Tx, id: number, until: number): Promise<void> {
  await tx('outbox').where({ id, state: 'uncertain' }).update({ send_after: until });
}

function entryFromRow(row: OutboxRow): OutboxEntry {
  return {
    id: row.id,
    kind: row.kind,
    ticketId: row.ticket_id,
    messageRef: row.message_ref,
    mailboxId: row.mailbox_id,
    state: row.state,
    envelope: JSON.parse(row.envelope),
    headers: JSON.parse(row.headers),
    subject: row.subject,
    text: row.text,
    html: row.html,
    files: JSON.parse(row.files),
    messageId: row.message_id,
    sendAfter: row.send_after,
    attempts: row.attempts,
    mayBeDoubled: Boolean(row.may_be_doubled),
    firstTriedAt: row.first_tried_at,
    deferrals: row.deferrals,
    doubts: row.doubts,
    isOnWire: Boolean(row.on_wire),
    error: row.error,
    response: row.response,
    sentAt: row.sent_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
