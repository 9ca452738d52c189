import type { Migration } from '../types.ts';

/** The health of a mailbox is asked behind every page of an administrator, so what it counts goes by an index of its own. */
export const outboxByMailbox: Migration = {
  name: '0090-outbox-by-mailbox',
  async up(tx) {
    await tx.schema.alterTable('outbox', (table) => void table.index(['mailbox_id', 'state', 'updated_at']));
  },
};
