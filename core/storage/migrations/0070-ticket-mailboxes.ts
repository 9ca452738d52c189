import type { Migration } from '../types.ts';
import { created, reference } from './columns.ts';

/** A mail to two addresses is one ticket; here stand the mailboxes beside its own whose lists show it too. */
export const ticketMailboxes: Migration = {
  name: '0070-ticket-mailboxes',
  async up(tx) {
    await tx.schema.createTable('ticket_mailboxes', (table) => {
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      reference(table, 'mailbox_id', { to: 'mailboxes', onDelete: 'CASCADE' });
      created(table);
      table.primary(['ticket_id', 'mailbox_id']);
      table.index(['mailbox_id']);
    });
  },
};
