import { settledEventsAfter, type RecordedEvent } from '../events/index.ts';
import { listTickets } from '../inbox/index.ts';
import type { Desk } from '../desk.ts';
import { Forbidden } from '../kernel/errors.ts';
import { ticketsFor } from '../tickets/index.ts';
import { isAllowed, type UserActor } from '../users/index.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import { readIdCursor } from './paging.ts';
import { presentEvent, presentTickets } from './presenting.ts';
import { eventsQuery, page, ref, searchQuery } from './schemas.ts';

export const readingEndpoints: readonly Endpoint[] = [
  endpoint<undefined, { limit: number; cursor?: string; q: string }>({
    method: 'GET',
    path: '/search',
    summary: 'Tickets that hold the words, also in their messages',
    query: searchQuery,
    answer: page(ref('Found')),
    run: async ({ desk, actor, query }) => {
      const { items, next } = await listTickets(desk, actor, { filter: query.q, limit: query.limit, cursor: query.cursor });
      return { items: (await presentTickets(desk, actor, items)).map((ticket) => ({ kind: 'ticket', ...ticket })), next };
    },
  }),
  endpoint<undefined, { limit: number; cursor?: string; after?: number }>({
    method: 'GET',
    path: '/events',
    summary: 'What happened after an event, oldest first; a page can hold fewer than `limit` and still have a next one',
    query: eventsQuery,
    answer: page(ref('Event')),
    run: async ({ desk, actor, query }) => {
      if (actor.role !== 'agent' || !isAllowed(actor, 'tickets.view'))
        throw new Forbidden('auth.forbidden', { permission: 'tickets.view' });
      const events = await settledEventsAfter(desk.storage.read, {
        after: query.cursor === undefined ? (query.after ?? 0) : readIdCursor(query.cursor),
        limit: query.limit,
        now: desk.clock.now(),
      });
      const last = events.at(-1);
      return {
        items: (await seenEvents(desk, actor, events)).map(presentEvent),
        next: events.length === query.limit && last !== undefined ? last.id.toString(36) : null,
      };
    },
  }),
];

// Events of tickets pass the same door as tickets; the others tell about people and settings.
async function seenEvents(desk: Desk, actor: UserActor, events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
  const ids = [...new Set(events.flatMap(({ ticketId }) => ticketId ?? []))];
  const visible = new Set<number>(
    ids.length === 0 ? [] : await ticketsFor(desk.storage.read, actor).whereIn('tickets.id', ids).pluck('tickets.id'),
  );
  const seesAll = isAllowed(actor, 'system.view');
  return events.filter(({ ticketId }) => (ticketId === null ? seesAll : visible.has(ticketId)));
}
