import type { Tx } from '@helpdesk/core/plugin';

/** Administrators are told of each kind of trouble by itself, also of mail that belongs to no mailbox: then the number is 0. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.createTable(table('outages'), (columns) => {
    columns.bigInteger('mailbox_id').notNullable();
    columns.string('kind', 20).notNullable();
    columns.bigInteger('created_at').notNullable();
    columns.primary(['mailbox_id', 'kind']);
  });
  for (const kind of ['receiving', 'sending'])
    await tx(table('outages')).insert(
      tx(table('alerts')).select({ mailbox_id: 'mailbox_id', kind: tx.raw('?', [kind]), created_at: 'created_at' }),
    );
}
