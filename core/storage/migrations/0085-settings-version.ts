import type { Migration } from '../types.ts';

/** One counter tells every process, in the row it reads anyway, that settings or secrets changed. */
export const settingsVersion: Migration = {
  name: '0085-settings-version',
  async up(tx) {
    await tx.schema.alterTable('kernel_state', (table) => void table.integer('settings_version').notNullable().defaultTo(0));
  },
};
