import type { Tx } from '@helpdesk/core/plugin';

/** A uid names a mail within one account only; a mailbox may come to another account, whose numbering looks the same. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('receivers'), (columns) => {
    columns.integer('account').notNullable().defaultTo(0);
  });
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.integer('account').notNullable().defaultTo(0);
  });
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.unique(['mailbox_id', 'account', 'folder', 'uidvalidity', 'uid'], { indexName: table('mails_place') });
  });
}
