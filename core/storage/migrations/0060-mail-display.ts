import type { Migration } from '../types.ts';
import { created, id, reference } from './columns.ts';

/** Whose images from outside are shown, and which rules a message's HTML was cleaned by. */
export const mailDisplay: Migration = {
  name: '0060-mail-display',
  async up(tx) {
    await tx.schema.createTable('image_permissions', (table) => {
      id(table);
      reference(table, 'author_id', { to: 'users', onDelete: 'CASCADE' });
      // Nobody: everybody at the desk.
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE', isOptional: true });
      created(table);
      table.index(['author_id', 'user_id']);
    });
    await tx.schema.alterTable('messages', (table) => {
      table.integer('sanitizer').notNullable().defaultTo(0);
      // What one person wrote last, as the tail of mails is compared for signatures.
      table.index(['author_id', 'id']);
    });
    // Only those that a newer sanitizer has yet to look at; empty most of the time.
    await tx.raw('create index messages_sanitizer on messages (sanitizer, id) where html is not null');
  },
};
