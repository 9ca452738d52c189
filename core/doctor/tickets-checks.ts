import type { Knex } from 'knex';
import { each, type Check } from './check.ts';

const living = (read: Knex): Knex.QueryBuilder => read('tickets').whereNull('tickets.deleted_at');

// The same rule as bucketOf in core/tickets, in SQL, so that a hundred thousand tickets are counted at once.
const bucket = `case when merged_into_id is not null then 'merged' when place <> 'desk' then place
  when snoozed_until is not null and category not in ('solved', 'closed') then 'snoozed' else category end`;

export const ticketsChecks: readonly Check[] = [
  {
    id: 'messages.orphan',
    claim: 'Messages belong to no ticket:',
    run: async ({ storage }) =>
      each(
        'message',
        await storage
          .read('messages')
          .whereNotExists((ticket) => ticket.from('tickets').whereRaw('tickets.id = messages.ticket_id'))
          .orderBy('id')
          .pluck('id'),
      ),
  },
  {
    id: 'tickets.empty',
    claim: 'Tickets have no message:',
    run: async ({ storage }) =>
      each(
        'ticket',
        await living(storage.read)
          .whereNotExists((message) =>
            message.from('messages').whereRaw('messages.ticket_id = tickets.id').whereNull('messages.deleted_at'),
          )
          .orderBy('id')
          .pluck('id'),
      ),
  },
  {
    id: 'tickets.message-count',
    claim: 'Tickets count their messages wrongly:',
    run: async ({ storage }) => {
      const counted = storage
        .read('messages')
        .whereNull('deleted_at')
        .groupBy('ticket_id')
        .select('ticket_id', storage.read.raw('count(*) as n'))
        .as('counted');
      return each(
        'ticket',
        await living(storage.read)
          .leftJoin(counted, 'counted.ticket_id', 'tickets.id')
          .whereRaw('tickets.message_count <> coalesce(counted.n, 0)')
          .orderBy('tickets.id')
          .pluck('tickets.id'),
      );
    },
  },
  {
    id: 'tickets.last-message',
    claim: 'Tickets name a last message that is not theirs:',
    run: async ({ storage }) =>
      each(
        'ticket',
        await living(storage.read)
          .whereNotExists((message) =>
            message
              .from('messages')
              .whereRaw('messages.id = tickets.last_message_id and messages.ticket_id = tickets.id')
              .whereNull('messages.deleted_at'),
          )
          .orderBy('id')
          .pluck('id'),
      ),
  },
  {
    id: 'tickets.counters',
    claim: 'The counters of the views are wrong (mailbox/assignee/place, stored against counted):',
    run: async ({ storage }) => {
      const key = (row: { mailbox_id: number; assignee_id: number; bucket: string }): string =>
        `${row.mailbox_id}/${row.assignee_id}/${row.bucket}`;
      const counted = await storage
        .read('tickets')
        .groupByRaw(`coalesce(mailbox_id, 0), coalesce(assignee_id, 0), ${bucket}`)
        .select(
          storage.read.raw(
            `coalesce(mailbox_id, 0) as mailbox_id, coalesce(assignee_id, 0) as assignee_id, ${bucket} as bucket, count(*) as n`,
          ),
        );
      const shared = await storage
        .read('ticket_mailboxes')
        .join('tickets', 'tickets.id', 'ticket_mailboxes.ticket_id')
        .whereRaw(`${bucket} = 'open' and coalesce(tickets.mailbox_id, 0) <> ticket_mailboxes.mailbox_id`)
        .groupBy('ticket_mailboxes.mailbox_id')
        .select('ticket_mailboxes.mailbox_id', storage.read.raw("0 as assignee_id, 'shared' as bucket, count(*) as n"));
      const stored = await storage.read('ticket_counts');
      const right = new Map<string, number>([...counted, ...shared].map((row) => [key(row), Number(row.n)]));
      const kept = new Map<string, number>(stored.map((row) => [key(row), row.tickets]));
      return [...new Set([...right.keys(), ...kept.keys()])]
        .filter((one) => (right.get(one) ?? 0) !== (kept.get(one) ?? 0))
        .map((one) => `${one} ${kept.get(one) ?? 0} against ${right.get(one) ?? 0}`);
    },
  },
  {
    id: 'tickets.status',
    claim: 'Tickets have a status that does not exist or is of another category:',
    run: async ({ storage }) =>
      each(
        'ticket',
        await storage
          .read('tickets')
          .whereNotExists((status) =>
            status
              .from('ticket_statuses')
              .whereRaw('ticket_statuses.id = tickets.status_id and ticket_statuses.category = tickets.category'),
          )
          .orderBy('id')
          .pluck('id'),
      ),
  },
];
