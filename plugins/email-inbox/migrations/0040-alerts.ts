import type { Tx } from '@helpdesk/core/plugin';

/** Of which outages the administrators were told, also of mailboxes that only send. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.createTable(table('alerts'), (columns) => {
    columns.bigInteger('mailbox_id').primary();
    columns.bigInteger('created_at').notNullable();
  });
  await tx(table('alerts')).insert(
    tx(table('receivers')).whereNotNull('alerted_at').select({ mailbox_id: 'mailbox_id', created_at: 'alerted_at' }),
  );
}
