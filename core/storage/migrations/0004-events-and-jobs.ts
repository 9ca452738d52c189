import type { Migration } from '../types.ts';
import { created, id, json, partialIndex, reference, time, touched } from './columns.ts';

export const eventsAndJobs: Migration = {
  name: '0004-events-and-jobs',
  async up(tx) {
    await tx.schema.createTable('events', (table) => {
      id(table);
      time(table, 'occurred_at').notNullable();
      table.string('name', 80).notNullable();
      table.integer('schema_version').notNullable().defaultTo(1);
      table.string('actor_kind', 10).notNullable().checkIn(['user', 'system', 'plugin']);
      table.bigInteger('actor_id');
      table.string('plugin', 40);
      table.string('rule', 80);
      table.string('cause', 80);
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'SET NULL', isOptional: true });
      json(table, 'payload', '{}');
      table.index(['ticket_id', 'id']);
      table.index(['name', 'id']);
    });
    await tx.schema.createTable('subscriptions', (table) => {
      table.string('plugin', 40).notNullable();
      table.string('handler', 80).notNullable();
      table.string('event', 80).notNullable();
      created(table);
      table.primary(['plugin', 'handler', 'event']);
      table.index(['event']);
    });
    await tx.schema.createTable('jobs', (table) => {
      id(table);
      table.string('name', 160).notNullable();
      table.string('plugin', 40);
      table.string('lane', 12).notNullable().checkIn(['interactive', 'normal', 'bulk']);
      table.string('state', 10).notNullable().checkIn(['ready', 'behind', 'active', 'done', 'dead']);
      table.text('payload').notNullable();
      table.integer('payload_version').notNullable().defaultTo(1);
      time(table, 'run_at').notNullable();
      table.integer('attempts').notNullable().defaultTo(0);
      table.integer('max_attempts').notNullable().defaultTo(12);
      table.string('lease_owner', 60);
      time(table, 'lease_until');
      table.string('dedupe_key', 200);
      table.string('concurrency_key', 200);
      table.string('order_key', 200);
      table.text('error');
      touched(table);
      time(table, 'finished_at');
    });
    await partialIndex(tx, { name: 'jobs_ready', on: 'jobs', columns: 'lane, run_at, id', where: "state = 'ready'" });
    await partialIndex(tx, { name: 'jobs_leased', on: 'jobs', columns: 'lease_until', where: "state = 'active'" });
    await partialIndex(tx, { name: 'jobs_finished', on: 'jobs', columns: 'finished_at', where: "state = 'done'" });
    await partialIndex(tx, { name: 'jobs_dead', on: 'jobs', columns: 'id', where: "state = 'dead'" });
    await partialIndex(tx, {
      name: 'jobs_order',
      on: 'jobs',
      columns: 'order_key, id',
      where: "order_key is not null and state in ('ready', 'active', 'behind')",
    });
    await partialIndex(tx, {
      name: 'jobs_dedupe',
      on: 'jobs',
      columns: 'dedupe_key',
      where: "dedupe_key is not null and state in ('ready', 'active', 'behind')",
      isUnique: true,
    });
    // The database itself keeps two workers off one concurrency key, whatever they both believed when they claimed.
    await partialIndex(tx, {
      name: 'jobs_one_at_a_time',
      on: 'jobs',
      columns: 'concurrency_key',
      where: "concurrency_key is not null and state = 'active'",
      isUnique: true,
    });
    await tx.schema.createTable('cron_runs', (table) => {
      table.string('name', 160).notNullable();
      time(table, 'slot').notNullable();
      table.primary(['name', 'slot']);
    });
  },
};
