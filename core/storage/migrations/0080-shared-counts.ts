import type { Migration } from '../types.ts';

/** Open tickets that a mailbox shows beside its own are counted, as all that stands on every page. */
export const sharedCounts: Migration = {
  name: '0080-shared-counts',
  async up(tx) {
    await tx('ticket_counts').insert(
      tx('ticket_mailboxes')
        .join('tickets', 'tickets.id', 'ticket_mailboxes.ticket_id')
        .where({ place: 'desk', category: 'open' })
        .whereNull('merged_into_id')
        .whereNull('snoozed_until')
        .whereRaw('coalesce(tickets.mailbox_id, 0) <> ticket_mailboxes.mailbox_id')
        .groupBy('ticket_mailboxes.mailbox_id')
        .select('ticket_mailboxes.mailbox_id', tx.raw('0 as assignee_id'), tx.raw("'shared' as bucket"), tx.raw('count(*) as tickets')),
    );
  },
};
