import type { Tx } from '@helpdesk/core/plugin';

/** How each mailbox receives, every mail as it came, and what the mails were filed as. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.createTable(table('receivers'), (columns) => {
    columns.bigInteger('mailbox_id').primary();
    columns.string('host', 255).notNullable();
    columns.integer('port').notNullable();
    columns.string('encryption', 10).notNullable();
    columns.text('user');
    columns.boolean('is_operators').notNullable().defaultTo(false);
    columns.string('folder', 255).notNullable().defaultTo('INBOX');
    columns.string('state', 10).notNullable().defaultTo('active').checkIn(['active', 'paused', 'refused']);
    columns.string('acknowledges_with', 10).notNullable().defaultTo('seen').checkIn(['seen', 'keep']);
    // The cursor: everything up to this uid is stored. `since_at` is where a rescan by date begins.
    columns.bigInteger('uidvalidity').notNullable().defaultTo(0);
    columns.bigInteger('last_uid').notNullable().defaultTo(0);
    columns.bigInteger('since_at').notNullable();
    columns.text('authserv_ids').notNullable().defaultTo('[]');
    columns.boolean('signs_addresses').notNullable().defaultTo(false);
    columns.boolean('tags_subjects').notNullable().defaultTo(false);
    columns.bigInteger('last_fetch_at');
    columns.text('last_error');
    columns.bigInteger('last_error_at');
    columns.integer('failures').notNullable().defaultTo(0);
    columns.string('lease_owner', 60);
    columns.bigInteger('lease_until');
    columns.integer('version').notNullable().defaultTo(1);
    columns.bigInteger('created_at').notNullable();
    columns.bigInteger('updated_at').notNullable();
  });
  await tx.schema.createTable(table('mails'), (columns) => {
    columns.bigIncrements('id');
    columns.bigInteger('mailbox_id').notNullable();
    // An IMAP folder, or `import:<sha256>` and `pipe:<sha256>`, where the content takes the place of the uid.
    columns.string('folder', 255).notNullable();
    columns.bigInteger('uidvalidity').notNullable();
    columns.bigInteger('uid').notNullable();
    columns.string('sha256', 64).notNullable();
    columns.bigInteger('size').notNullable();
    columns.string('state', 10).notNullable().checkIn(['new', 'processed', 'ignored', 'failed']);
    columns.string('kind', 20);
    columns.text('reason');
    columns.integer('attempts').notNullable().defaultTo(0);
    columns.bigInteger('next_try');
    columns.text('files').notNullable().defaultTo('[]');
    columns.text('subject').notNullable().defaultTo('');
    columns.text('sender').notNullable().defaultTo('');
    columns.bigInteger('ticket_id');
    columns.bigInteger('message_id');
    columns.bigInteger('dup_of');
    columns.boolean('differs').notNullable().defaultTo(false);
    columns.bigInteger('received_at').notNullable();
    columns.bigInteger('acked_at');
    columns.bigInteger('created_at').notNullable();
    columns.bigInteger('updated_at').notNullable();
    columns.unique(['mailbox_id', 'folder', 'uidvalidity', 'uid']);
    columns.index(['message_id']);
    columns.index(['ticket_id']);
  });
  await tx.raw(`create index ${table('mails_open')} on ${table('mails')} (state, id) where state in ('new', 'failed')`);
  await tx.raw(`create index ${table('mails_unacked')} on ${table('mails')} (mailbox_id, id) where acked_at is null`);
  await tx.schema.createTable(table('keys'), (columns) => {
    columns.string('dedup_key', 64).primary();
    columns.bigInteger('mail_id').notNullable();
    columns.bigInteger('ticket_id').notNullable();
    columns.bigInteger('message_id').notNullable();
  });
  await tx.schema.createTable(table('refs'), (columns) => {
    columns.string('ref_hash', 64).notNullable();
    columns.bigInteger('ticket_id').notNullable();
    columns.bigInteger('mailbox_id').notNullable();
    columns.bigInteger('created_at').notNullable();
    columns.primary(['ref_hash', 'ticket_id']);
  });
  await tx.schema.createTable(table('acknowledgements'), (columns) => {
    columns.bigInteger('ticket_id').primary();
    columns.boolean('is_sent').notNullable();
    columns.bigInteger('created_at').notNullable();
  });
}
