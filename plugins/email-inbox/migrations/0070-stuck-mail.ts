import type { Tx } from '@helpdesk/core/plugin';

/** Which mail of the server fetching stands still at, how often it failed, and since when. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('receivers'), (columns) => {
    columns.bigInteger('stuck_uid');
    columns.integer('stuck_tries').notNullable().defaultTo(0);
    columns.bigInteger('stuck_at');
  });
}
