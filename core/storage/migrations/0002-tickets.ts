import type { Migration } from '../types.ts';
import { created, id, json, partialIndex, reference, time, touched, version } from './columns.ts';

export const tickets: Migration = {
  name: '0002-tickets',
  async up(tx) {
    await tx.schema.createTable('mailboxes', (table) => {
      id(table);
      table.text('name').notNullable();
      table.string('address', 320).notNullable();
      table.string('address_key', 320).notNullable().unique();
      json(table, 'aliases', '[]');
      table.text('signature').notNullable().defaultTo('');
      table.string('locale', 20);
      json(table, 'transport', '{}');
      table.boolean('is_active').notNullable().defaultTo(true);
      table.boolean('acknowledges').notNullable().defaultTo(true);
      time(table, 'last_sent_at');
      time(table, 'last_error_at');
      table.text('last_error');
      version(table);
      touched(table);
      time(table, 'deleted_at');
    });
    await tx.schema.createTable('ticket_statuses', (table) => {
      id(table);
      table.string('key', 60).notNullable().unique();
      table.string('category', 10).notNullable().checkIn(['open', 'waiting', 'solved', 'closed']);
      json(table, 'names', '{}');
      json(table, 'customer_names', '{}');
      table.integer('position').notNullable().defaultTo(0);
      table.boolean('is_default').notNullable().defaultTo(false);
      time(table, 'archived_at');
    });
    await tx.schema.createTable('ticket_numbers', (table) => {
      table.integer('id').primary();
      table.bigInteger('next').notNullable();
    });
    await tx.schema.createTable('tickets', (table) => {
      id(table);
      table.bigInteger('number').notNullable().unique();
      table.text('subject').notNullable();
      reference(table, 'status_id', { to: 'ticket_statuses' });
      table.string('category', 10).notNullable();
      table.string('place', 10).notNullable().defaultTo('desk').checkIn(['desk', 'spam', 'trash']);
      table.string('priority', 10).notNullable().defaultTo('normal').checkIn(['low', 'normal', 'high', 'urgent']);
      table.string('channel', 20).notNullable();
      reference(table, 'mailbox_id', { to: 'mailboxes', onDelete: 'SET NULL', isOptional: true });
      reference(table, 'requester_id', { to: 'users' });
      reference(table, 'organization_id', { to: 'organizations', onDelete: 'SET NULL', isOptional: true });
      reference(table, 'assignee_id', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      reference(table, 'merged_into_id', { to: 'tickets', isOptional: true });
      table.string('locale', 20);
      table.text('preview').notNullable().defaultTo('');
      table.integer('message_count').notNullable().defaultTo(0);
      table.bigInteger('last_message_id');
      table.string('last_direction', 3);
      time(table, 'last_message_at').notNullable();
      time(table, 'snoozed_until');
      time(table, 'solved_at');
      time(table, 'closed_at');
      version(table);
      touched(table);
      time(table, 'deleted_at');
      table.index(['requester_id', 'last_message_at', 'id']);
      table.index(['organization_id', 'last_message_at', 'id']);
      table.index(['mailbox_id', 'last_message_at', 'id']);
    });
    // The list pages by (last_message_at, id) inside one place; each index serves one kind of view.
    await tx.raw('create index tickets_place_list on tickets (place, category, last_message_at, id)');
    await tx.raw('create index tickets_assignee_list on tickets (assignee_id, place, category, last_message_at, id)');
    await tx.raw('create index tickets_recent on tickets (place, last_message_at, id)');
    await partialIndex(tx, { name: 'tickets_snoozed', on: 'tickets', columns: 'snoozed_until', where: 'snoozed_until is not null' });
    await tx.schema.createTable('ticket_aliases', (table) => {
      table.bigInteger('number').primary();
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      table.string('reason', 20).notNullable();
    });
    await tx.schema.createTable('ticket_links', (table) => {
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      reference(table, 'other_id', { to: 'tickets', onDelete: 'CASCADE' });
      table.string('kind', 20).notNullable();
      created(table);
      table.primary(['ticket_id', 'other_id']);
      table.index(['other_id']);
    });
    await tx.schema.createTable('ticket_meta', (table) => {
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      table.string('plugin', 40).notNullable();
      table.string('key', 100).notNullable();
      table.text('value').notNullable();
      table.primary(['ticket_id', 'plugin', 'key']);
    });
    await tx.schema.createTable('ticket_counts', (table) => {
      table.bigInteger('mailbox_id').notNullable();
      table.bigInteger('assignee_id').notNullable();
      table.string('bucket', 10).notNullable();
      table.integer('tickets').notNullable();
      table.primary(['mailbox_id', 'assignee_id', 'bucket']);
    });
    await tx.schema.createTable('tags', (table) => {
      id(table);
      table.string('name', 100).notNullable();
      table.string('name_key', 100).notNullable().unique();
      created(table);
    });
    await tx.schema.createTable('ticket_tags', (table) => {
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      reference(table, 'tag_id', { to: 'tags', onDelete: 'CASCADE' });
      table.primary(['ticket_id', 'tag_id']);
      table.index(['tag_id', 'ticket_id']);
    });
    await tx.schema.createTable('followers', (table) => {
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE' });
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      created(table);
      table.primary(['ticket_id', 'user_id']);
      table.index(['user_id']);
    });
    await tx.schema.createTable('views', (table) => {
      id(table);
      table.string('key', 60).notNullable().unique();
      json(table, 'names', '{}');
      table.text('filter').notNullable();
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE', isOptional: true });
      table.integer('position').notNullable().defaultTo(0);
      table.boolean('is_builtin').notNullable().defaultTo(false);
      touched(table);
    });
  },
};
