import type { Tx } from '@helpdesk/core/plugin';

/** How many lines the servers of a mailbox put above their own sender checks, as its test mail showed. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('receivers'), (columns) => {
    columns.integer('own_hops').notNullable().defaultTo(0);
  });
}
