import type { Tx } from '@helpdesk/core/plugin';

/**
 * What becomes of filed mail on the server beyond a mark, whose sender checks are believed, what a test mail
 * showed, and who got a notice of absence.
 */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('receivers'), (columns) => {
    // Either of them goes before `acknowledges_with`, which a version before this one still reads.
    columns.string('moves_to', 255);
    columns.integer('deletes_after_days');
    // For servers that write no authserv-id: the topmost header alone is believed.
    columns.boolean('trusts_topmost').notNullable().defaultTo(false);
    columns.string('seen_authserv_id', 255);
    columns.bigInteger('plus_proven_at');
    columns.bigInteger('alerted_at');
  });
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.bigInteger('remove_at');
  });
  await tx.raw(`create index ${table('mails_removing')} on ${table('mails')} (mailbox_id, remove_at) where remove_at is not null`);
  await tx.schema.createTable(table('away_notices'), (columns) => {
    columns.string('address_key', 320).notNullable();
    columns.bigInteger('mailbox_id').notNullable();
    columns.string('until', 10).notNullable();
    columns.bigInteger('created_at').notNullable();
    columns.primary(['address_key', 'mailbox_id', 'until']);
  });
}
