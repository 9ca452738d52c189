import type { Actions } from '../kernel/hook-map.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { Actor } from '../users/index.ts';

export interface NewEvent<K extends keyof Actions> {
  readonly actor: Actor;
  readonly ticketId?: number;
  /** Ids and plain data; personal text stays in its own row, so that erasing it leaves the stream whole. */
  readonly payload: Actions[K];
  /** The event or request this one follows from, such as `event:812` or `request:4f2a`. */
  readonly cause?: string;
}

export interface RecordedEvent {
  readonly id: number;
  readonly occurredAt: Timestamp;
  readonly name: string;
  readonly schemaVersion: number;
  readonly actorKind: 'user' | 'system' | 'plugin';
  readonly actorId: number | null;
  readonly plugin: string | null;
  readonly rule: string | null;
  readonly cause: string | null;
  readonly ticketId: number | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What a durable handler is told beside the payload. */
export interface EventContext {
  readonly eventId: number;
  readonly occurredAt: Timestamp;
  readonly attempt: number;
}
