import type { Reader } from '../storage/index.ts';
import type { RecordedEvent } from './types.ts';

interface EventRow {
  id: number;
  occurred_at: number;
  name: string;
  schema_version: number;
  actor_kind: RecordedEvent['actorKind'];
  actor_id: number | null;
  plugin: string | null;
  rule: string | null;
  cause: string | null;
  ticket_id: number | null;
  payload: string;
}

/** Events of one ticket, oldest first, at most `limit`. */
export async function eventsOfTicket(reader: Reader, ticketId: number, limit = 500): Promise<readonly RecordedEvent[]> {
  const rows: EventRow[] = await reader('events').where({ ticket_id: ticketId }).orderBy('id', 'desc').limit(limit);
  return rows.toReversed().map(fromRow);
}

/** The stream after one event id, oldest first. */
export async function eventsAfter(reader: Reader, after: number, limit: number): Promise<readonly RecordedEvent[]> {
  const rows: EventRow[] = await reader('events').where('id', '>', after).orderBy('id').limit(limit);
  return rows.map(fromRow);
}

/** Tickets with an event after this one, the last changed first, each with its newest. */
export async function ticketsChangedAfter(
  reader: Reader,
  after: number,
  limit: number,
): Promise<readonly { readonly ticketId: number; readonly eventId: number }[]> {
  const rows: readonly { ticket_id: number; newest: number }[] = await reader('events')
    .where('id', '>', after)
    .whereNotNull('ticket_id')
    .groupBy('ticket_id')
    .orderBy('newest', 'desc')
    .limit(limit)
    .select('ticket_id', reader.raw('max(id) as newest'));
  return rows.map(({ ticket_id: ticketId, newest }) => ({ ticketId, eventId: newest }));
}

/** Which of the ids there are, oldest first. */
export async function eventsOfIds(reader: Reader, ids: readonly number[]): Promise<readonly RecordedEvent[]> {
  const rows: EventRow[] = await reader('events').whereIn('id', ids).orderBy('id');
  return rows.map(fromRow);
}

/** For how long a missing id may still appear: the longest that PostgreSQL lets a transaction of ours sit idle, twice over. */
export const undecidedMs = 60_000;

/**
 * The stream after one event id for readers that remember how far they came: oldest first, and never past an
 * event that may still appear.
 *
 * PostgreSQL gives out ids when rows are written, not when they are committed, so a missing id is either a
 * transaction that is still open or one that was rolled back. What follows a gap is held back until no open
 * transaction can explain it.
 */
export async function settledEventsAfter(
  reader: Reader,
  { after, limit, now }: { readonly after: number; readonly limit: number; readonly now: number },
): Promise<readonly RecordedEvent[]> {
  const events = await eventsAfter(reader, after, limit);
  const gap = events.findIndex(({ id, occurredAt }, index) => {
    const before = events[index - 1]?.id ?? after;
    // Whoever begins at 0 has read none yet, and the first id of a desk is any number.
    return before !== 0 && id !== before + 1 && now - occurredAt < undecidedMs;
  });
  return gap === -1 ? events : events.slice(0, gap);
}

function fromRow(row: EventRow): RecordedEvent {
  return {
    id: row.id,
    occurredAt: row.occurred_at,
    name: row.name,
    schemaVersion: row.schema_version,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    plugin: row.plugin,
    rule: row.rule,
    cause: row.cause,
    ticketId: row.ticket_id,
    payload: JSON.parse(row.payload),
  };
}
