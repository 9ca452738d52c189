import type { Migration } from '../types.ts';
import { created, id, json, reference, touched } from './columns.ts';

/** Options of themes: what was published, newest in use, and what somebody tries out. */
export const themes: Migration = {
  name: '0050-themes',
  async up(tx) {
    await tx.schema.createTable('theme_versions', (table) => {
      id(table);
      table.string('theme', 60).notNullable();
      table.text('options').notNullable();
      json(table, 'files', '[]');
      reference(table, 'created_by', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      created(table);
      table.index(['theme', 'id']);
    });
    await tx.schema.createTable('theme_drafts', (table) => {
      table.string('theme', 60).notNullable();
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.text('options').notNullable();
      json(table, 'files', '[]');
      touched(table);
      table.primary(['theme', 'user_id']);
    });
  },
};
