import type { Migration } from '../types.ts';
import { time, touched } from './columns.ts';

/** Where a plugin came from and how far each version got, who confirmed who they are, and settings of mailboxes and people. */
export const pluginLifecycle: Migration = {
  name: '0040-plugin-lifecycle',
  async up(tx) {
    await tx.schema.alterTable('plugins', (table) => {
      table.text('source');
      table.string('sha256', 64);
      // The version whose install and upgrade steps have run, and until when a process is at it.
      table.string('prepared_version', 40);
      time(table, 'preparing_until');
      // The version that ran last, and the one that could not run after it, with the reason.
      table.string('proven_version', 40);
      table.string('rejected_version', 40);
      table.text('rejection');
    });
    await tx('plugins')
      .whereNot({ state: 'installed' })
      .update({ prepared_version: tx.ref('version'), proven_version: tx.ref('version') });
    await tx.schema.alterTable('processes', (table) => void table.text('versions').notNullable().defaultTo('{}'));
    await tx.schema.alterTable('kernel_state', (table) => void time(table, 'restart_at'));
    await tx.schema.alterTable('sessions', (table) => void time(table, 'confirmed_at'));
    await tx.schema.createTable('scoped_settings', (table) => {
      table.string('owner', 40).notNullable();
      table.string('scope', 10).notNullable().checkIn(['mailbox', 'user']);
      table.bigInteger('scope_id').notNullable();
      table.string('key', 100).notNullable();
      table.text('value').notNullable();
      touched(table);
      table.primary(['owner', 'scope', 'scope_id', 'key']);
    });
  },
};
