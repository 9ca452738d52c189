import type { Tx } from '@helpdesk/core/plugin';

/** Whether the mails of a mailbox carry a mark that finds their ticket again from what an answer quotes. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('receivers'), (columns) => {
    columns.boolean('marks_bodies').notNullable().defaultTo(false);
  });
}
