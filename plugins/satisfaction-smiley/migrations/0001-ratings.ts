import type { Migration } from '@helpdesk/core/plugin';

/** One row for each ticket whose customer was asked; without `rated_at` there is no answer yet. */
export const up: Migration['up'] = async (tx, table) => {
  await tx.schema.createTable(table('ratings'), (ratings) => {
    ratings.bigInteger('ticket_id').primary().references('id').inTable('tickets').onDelete('CASCADE');
    ratings.bigInteger('user_id').notNullable();
    // Only the hash: whoever reads the table cannot answer for the customer.
    ratings.string('token_hash', 64).notNullable().unique();
    ratings.string('face', 10).checkIn(['good', 'okay', 'bad']);
    ratings.text('words').notNullable().defaultTo('');
    ratings.bigInteger('asked_at').notNullable();
    ratings.bigInteger('rated_at');
    ratings.index(['user_id', 'asked_at']);
  });
};
