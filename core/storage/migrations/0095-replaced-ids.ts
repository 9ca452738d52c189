import type { Migration } from '../types.ts';

/** Where a server puts a Message-ID of its own in the place of ours, answers and reports name that one (mail.md T3). */
export const replacedIds: Migration = {
  name: '0095-replaced-ids',
  async up(tx) {
    await tx.schema.alterTable('outbox', (table) => void table.string('server_id_hash', 64).index());
  },
};
