import type { Migration } from '../types.ts';
import { created, id, json, partialIndex, reference, time, touched, version } from './columns.ts';

export const people: Migration = {
  name: '0001-people',
  async up(tx) {
    await tx.schema.createTable('organizations', (table) => {
      id(table);
      table.text('name').notNullable();
      table.text('folded').notNullable().index();
      table.text('notes');
      version(table);
      touched(table);
      time(table, 'deleted_at');
    });
    await tx.schema.createTable('organization_domains', (table) => {
      table.string('domain', 255).primary();
      reference(table, 'organization_id', { to: 'organizations', onDelete: 'CASCADE' });
    });
    await tx.schema.createTable('roles', (table) => {
      id(table);
      table.string('key', 60).notNullable().unique();
      table.text('name').notNullable();
      table.string('kind', 10).notNullable().checkIn(['agent', 'customer']);
      json(table, 'permissions', '[]');
      table.boolean('is_builtin').notNullable().defaultTo(false);
      version(table);
      touched(table);
    });
    await tx.schema.createTable('users', (table) => {
      id(table);
      table.text('name').notNullable();
      table.text('folded').notNullable();
      reference(table, 'role_id', { to: 'roles' });
      reference(table, 'organization_id', { to: 'organizations', onDelete: 'SET NULL', isOptional: true });
      table.string('locale', 20);
      table.string('time_zone', 60);
      table.string('color_scheme', 10);
      table.text('password_hash');
      table.boolean('is_active').notNullable().defaultTo(true);
      table.text('notes');
      json(table, 'preferences', '{}');
      version(table);
      touched(table);
      time(table, 'last_seen_at');
      time(table, 'deleted_at');
      table.index(['role_id', 'id']);
      table.index(['organization_id']);
      table.index(['folded']);
    });
    await tx.schema.createTable('user_emails', (table) => {
      id(table);
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.string('email', 320).notNullable();
      table.string('email_key', 320).notNullable().unique();
      table.boolean('is_primary').notNullable().defaultTo(false);
      time(table, 'confirmed_at');
      table.integer('bounces').notNullable().defaultTo(0);
      time(table, 'suppressed_at');
      created(table);
      table.index(['user_id']);
    });
    await partialIndex(tx, {
      name: 'user_emails_one_primary',
      on: 'user_emails',
      columns: 'user_id',
      where: tx.client.config.client === 'pg' ? 'is_primary' : 'is_primary = 1',
      isUnique: true,
    });
    await tx.schema.createTable('sessions', (table) => {
      id(table);
      table.string('token_hash', 64).notNullable().unique();
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.string('ip', 64);
      table.text('user_agent');
      created(table);
      time(table, 'last_seen_at').notNullable();
      time(table, 'expires_at').notNullable();
      table.index(['user_id']);
    });
    await tx.schema.createTable('sign_in_tokens', (table) => {
      id(table);
      table.string('token_hash', 64).notNullable().unique();
      table.string('purpose', 20).notNullable().checkIn(['setup', 'reset', 'magic', 'confirm', 'invite']);
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE', isOptional: true });
      table.string('email', 320);
      table.text('return_to');
      created(table);
      time(table, 'expires_at').notNullable();
      time(table, 'used_at');
      table.index(['user_id', 'purpose']);
    });
    await tx.schema.createTable('throttles', (table) => {
      table.string('key', 200).primary();
      table.integer('hits').notNullable();
      time(table, 'reset_at').notNullable();
    });
    await tx.schema.createTable('api_tokens', (table) => {
      id(table);
      reference(table, 'user_id', { to: 'users', onDelete: 'CASCADE' });
      table.text('name').notNullable();
      table.string('token_hash', 64).notNullable().unique();
      table.string('hint', 12).notNullable();
      json(table, 'scopes', '["*"]');
      created(table);
      time(table, 'last_used_at');
      time(table, 'revoked_at');
    });
  },
};
