import type { Migration } from '../types.ts';
import { created, id, partialIndex, reference, time, touched } from './columns.ts';

/** What became of each recipient, how far a try got, the loop guard, and sign-in at mail providers. */
export const mailSending: Migration = {
  name: '0065-mail-sending',
  async up(tx) {
    await tx.schema.alterTable('outbox', (table) => {
      time(table, 'first_tried_at');
      table.integer('deferrals').notNullable().defaultTo(0);
      // How often nobody could say whether the mail had arrived.
      table.integer('doubts').notNullable().defaultTo(0);
      // Set when the server has asked for the content: before that, nothing can have arrived.
      table.boolean('on_wire').notNullable().defaultTo(false);
    });
    await partialIndex(tx, { name: 'outbox_sent', on: 'outbox', columns: 'mailbox_id, sent_at', where: 'sent_at is not null' });
    await tx.schema.createTable('outbox_recipients', (table) => {
      reference(table, 'outbox_id', { to: 'outbox', onDelete: 'CASCADE' });
      table.string('address_key', 320).notNullable();
      table.string('state', 10).notNullable().checkIn(['sent', 'waiting', 'failed', 'delayed', 'delivered']);
      table.string('code', 20);
      table.text('reason');
      time(table, 'updated_at').notNullable();
      table.primary(['outbox_id', 'address_key']);
      table.index(['address_key']);
    });
    await tx.schema.createTable('address_reports', (table) => {
      id(table);
      table.string('address_key', 320).notNullable();
      table.string('kind', 10).notNullable().checkIn(['bounce', 'complaint']);
      table.string('code', 20);
      table.boolean('is_permanent').notNullable();
      reference(table, 'outbox_id', { to: 'outbox', onDelete: 'SET NULL', isOptional: true });
      created(table);
      table.index(['address_key', 'created_at']);
      table.index(['created_at']);
      table.index(['outbox_id']);
    });
    await tx.schema.alterTable('mail_budget', (table) => void table.bigInteger('ticket_id'));
    await partialIndex(tx, {
      name: 'mail_budget_ticket',
      on: 'mail_budget',
      columns: 'ticket_id, created_at',
      where: 'ticket_id is not null',
    });
    await tx.schema.createTable('loop_guard_hits', (table) => {
      id(table);
      table.string('address_key', 320).notNullable();
      table.string('budget', 30).notNullable();
      table.bigInteger('mailbox_id').notNullable();
      table.bigInteger('ticket_id');
      created(table);
      table.index(['created_at']);
      table.index(['address_key', 'budget', 'created_at']);
    });
    await tx.schema.alterTable('mailboxes', (table) => {
      table.string('sent_copy', 10).notNullable().defaultTo('auto');
      // Null: what the provider is known to allow.
      table.integer('per_minute');
    });
    await tx.schema.createTable('mail_accounts', (table) => {
      table.bigInteger('mailbox_id').primary().references('id').inTable('mailboxes').onDelete('CASCADE');
      table.string('provider', 20).notNullable();
      table.string('account', 320).notNullable();
      table.string('state', 12).notNullable().checkIn(['active', 'signed-out']);
      time(table, 'expires_at').notNullable();
      time(table, 'refresh_at').notNullable();
      table.string('lease_owner', 60);
      time(table, 'lease_until');
      table.text('error');
      touched(table);
    });
    await tx.schema.createTable('mail_sign_ins', (table) => {
      table.string('state_hash', 64).primary();
      table.string('session_hash', 64).notNullable();
      reference(table, 'mailbox_id', { to: 'mailboxes', onDelete: 'CASCADE' });
      table.string('provider', 20).notNullable();
      table.string('verifier', 128).notNullable();
      created(table);
      table.index(['created_at']);
    });
  },
};
