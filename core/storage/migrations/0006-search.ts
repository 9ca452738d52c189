import type { Migration } from '../types.ts';
import { reference } from './columns.ts';

/**
 * One row per searchable thing. `search_documents` is the truth on both databases; SQLite finds words
 * through an FTS5 table with the same row ids, PostgreSQL through a tsvector beside the text. The text is
 * folded before it is stored, so neither engine needs to know Turkish.
 */
export const search: Migration = {
  name: '0006-search',
  async up(tx) {
    const isPostgres = tx.client.config.client === 'pg';
    await tx.schema.createTable('search_documents', (table) => {
      table.bigIncrements('id');
      table.string('owner', 40).notNullable();
      table.string('kind', 30).notNullable();
      table.bigInteger('ref').notNullable();
      reference(table, 'ticket_id', { to: 'tickets', onDelete: 'CASCADE', isOptional: true });
      table.text('title').notNullable();
      table.text('body').notNullable();
      table.unique(['owner', 'kind', 'ref']);
      table.index(['ticket_id']);
    });
    if (isPostgres) {
      await tx.raw(
        "alter table search_documents add column words tsvector generated always as (setweight(to_tsvector('simple', left(title, 2000)), 'A') || setweight(to_tsvector('simple', left(body, 200000)), 'B')) stored",
      );
      await tx.raw('create index search_documents_words on search_documents using gin (words)');
    } else {
      await tx.raw(
        "create virtual table search_index using fts5(title, body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0', prefix='2 3')",
      );
    }
  },
};
