import type { Migration } from '../types.ts';
import { created, reference, time, touched, version } from './columns.ts';

export const system: Migration = {
  name: '0005-system',
  async up(tx) {
    await tx.schema.createTable('settings', (table) => {
      table.string('owner', 40).notNullable();
      table.string('key', 100).notNullable();
      table.text('value').notNullable();
      version(table);
      touched(table);
      table.primary(['owner', 'key']);
    });
    await tx.schema.createTable('secrets', (table) => {
      table.string('owner', 40).notNullable();
      table.string('key', 150).notNullable();
      table.text('ciphertext').notNullable();
      table.string('key_id', 16).notNullable();
      touched(table);
      table.primary(['owner', 'key']);
    });
    await tx.schema.createTable('idempotency_keys', (table) => {
      table.bigInteger('user_id').notNullable();
      table.string('key', 200).notNullable();
      table.string('request_hash', 64).notNullable();
      table.integer('status');
      table.text('response');
      created(table);
      table.primary(['user_id', 'key']);
      table.index(['created_at']);
    });
    await tx.schema.createTable('plugins', (table) => {
      table.string('id', 40).primary();
      table.string('version', 40).notNullable();
      table.string('slug', 20);
      table.boolean('is_desired').notNullable().defaultTo(false);
      table.string('state', 20).notNullable();
      table.integer('load_order').notNullable().defaultTo(0);
      table.text('last_error');
      reference(table, 'changed_by', { to: 'users', onDelete: 'SET NULL', isOptional: true });
      time(table, 'changed_at').notNullable();
    });
    await tx.schema.createTable('kernel_state', (table) => {
      table.integer('id').primary();
      table.integer('generation').notNullable();
    });
    await tx.schema.createTable('processes', (table) => {
      table.string('id', 60).primary();
      table.string('host', 255).notNullable();
      table.integer('pid').notNullable();
      table.string('role', 20).notNullable();
      table.integer('generation').notNullable();
      time(table, 'started_at').notNullable();
      time(table, 'seen_at').notNullable();
    });
    await tx('kernel_state').insert({ id: 1, generation: 1 });
  },
};
