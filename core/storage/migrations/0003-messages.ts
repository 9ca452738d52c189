import type { Migration } from '../types.ts';
import { created, id, json, partialIndex, reference, time, touched, version } from './columns.ts';

export const messages: Migration = {
  name: '0003-messages',
  async up(tx) {
    await tx.schema.createTable('messages', (table) => {
      id(table);
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      table.string('kind', 10).notNullable().checkIn(['reply', 'note']);
      table.string('direction', 3).notNullable().checkIn(['in', 'out']);
      table.string('origin', 20).notNullable().defaultTo('person');
      table.string('channel', 20).notNullable();
      reference(table, 'author_id', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      table.text('text').notNullable();
      table.text('html');
      // Where the quoted history and the signature begin, so that pages fold them; nothing is cut from storage.
      json(table, 'folds', '{}');
      json(table, 'addresses', '{}');
      json(table, 'flags', '[]');
      table.text('message_id');
      table.string('message_id_hash', 64).index();
      table.string('external_key', 200).unique();
      version(table);
      created(table);
      time(table, 'edited_at');
      time(table, 'deleted_at');
      table.index(['ticket_id', 'id']);
    });
    await tx.schema.createTable('files', (table) => {
      id(table);
      table.string('sha256', 64).notNullable().index();
      table.text('name').notNullable();
      table.string('content_type', 255).notNullable();
      table.bigInteger('size').notNullable();
      reference(table, 'created_by', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      created(table);
    });
    await tx.schema.createTable('attachments', (table) => {
      id(table);
      reference(table, 'message_id', { to: 'messages', onDelete: 'CASCADE' });
      reference(table, 'file_id', { to: 'files' });
      table.text('content_id');
      table.boolean('is_inline').notNullable().defaultTo(false);
      table.integer('position').notNullable().defaultTo(0);
      table.index(['message_id']);
      table.index(['file_id']);
    });
    await tx.schema.createTable('drafts', (table) => {
      id(table);
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.string('kind', 10).notNullable().checkIn(['reply', 'note']);
      table.text('html').notNullable().defaultTo('');
      table.text('text').notNullable().defaultTo('');
      json(table, 'fields', '{}');
      json(table, 'files', '[]');
      version(table);
      touched(table);
      table.unique(['ticket_id', 'user_id', 'kind']);
    });
    await tx.schema.createTable('outbox', (table) => {
      id(table);
      table.string('kind', 20).notNullable();
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE', isOptional: true });
      reference(table, 'message_ref', { to: 'messages', onDelete: 'CASCADE', isOptional: true });
      reference(table, 'mailbox_id', { to: 'mailboxes', onDelete: 'SET NULL', isOptional: true });
      table.string('state', 10).notNullable().checkIn(['held', 'queued', 'sending', 'sent', 'failed', 'uncertain', 'undone']);
      json(table, 'envelope', '{}');
      json(table, 'headers', '{}');
      table.text('subject').notNullable();
      table.text('text').notNullable();
      table.text('html');
      json(table, 'files', '[]');
      table.text('message_id').notNullable();
      table.string('message_id_hash', 64).notNullable().unique();
      time(table, 'send_after').notNullable();
      table.integer('attempts').notNullable().defaultTo(0);
      // Set when a process or a connection died between DATA and its answer: the mail may have been sent twice.
      table.boolean('may_be_doubled').notNullable().defaultTo(false);
      table.text('error');
      table.text('response');
      time(table, 'sent_at');
      touched(table);
      table.index(['message_ref']);
      table.index(['ticket_id']);
    });
    await partialIndex(tx, {
      name: 'outbox_unfinished',
      on: 'outbox',
      columns: 'send_after',
      where: "state in ('held', 'queued', 'sending', 'uncertain', 'failed')",
    });
    await tx.schema.createTable('mail_budget', (table) => {
      id(table);
      table.string('address_key', 320).notNullable();
      table.bigInteger('mailbox_id').notNullable();
      table.string('kind', 20).notNullable();
      created(table);
      table.index(['address_key', 'mailbox_id', 'created_at']);
      table.index(['created_at']);
    });
    await tx.schema.createTable('notifications', (table) => {
      id(table);
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.string('kind', 30).notNullable();
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE', isOptional: true });
      reference(table, 'message_id', { to: 'messages', onDelete: 'CASCADE', isOptional: true });
      reference(table, 'actor_id', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      table.bigInteger('event_id').notNullable();
      created(table);
      time(table, 'read_at');
      table.unique(['user_id', 'event_id']);
      table.index(['user_id', 'id']);
    });
    await partialIndex(tx, { name: 'notifications_unread', on: 'notifications', columns: 'user_id', where: 'read_at is null' });
  },
};
