import type { Migration } from '../types.ts';
import { time } from './columns.ts';

/** What plugins did wrong and what they cost: written by every process, read by the page and the command line. */
export const pluginRecords: Migration = {
  name: '0030-plugin-records',
  async up(tx) {
    await tx.schema.createTable('plugin_faults', (table) => {
      table.increments('id');
      table.string('plugin', 40).notNullable();
      table.string('version', 40);
      table.string('hook', 200).notNullable();
      table.string('kind', 20).notNullable();
      table.text('message').notNullable();
      table.text('stack');
      table.integer('times').notNullable();
      time(table, 'at').notNullable();
      table.index(['plugin', 'id']);
    });
    await tx.schema.createTable('plugin_costs', (table) => {
      table.string('process_id', 60).notNullable();
      table.string('plugin', 40).notNullable();
      table.text('figures').notNullable();
      time(table, 'updated_at').notNullable();
      table.primary(['process_id', 'plugin']);
    });
  },
};
