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
