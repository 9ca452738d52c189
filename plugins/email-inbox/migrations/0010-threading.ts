import type { Tx } from '@helpdesk/core/plugin';

/** Why each mail is where it is, and what agents said about that. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.text('thread');
  });
  await tx.schema.createTable(table('corrections'), (columns) => {
    columns.bigIncrements('id');
    columns.bigInteger('mailbox_id').notNullable();
    columns.string('sender', 320).notNullable();
    // The ticket that such a mail must not join; 0 with the hash of a subject is a mail that must not open one.
    columns.bigInteger('wrong_ticket_id').notNullable();
    columns.string('subject_hash', 64).notNullable().defaultTo('');
    columns.bigInteger('right_ticket_id').notNullable();
    columns.bigInteger('created_by');
    columns.bigInteger('created_at').notNullable();
    columns.unique(['mailbox_id', 'sender', 'wrong_ticket_id', 'subject_hash'], { indexName: table('corrections_like') });
  });
}
