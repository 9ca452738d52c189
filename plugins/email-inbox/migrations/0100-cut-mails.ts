import type { Tx } from '@helpdesk/core/plugin';

/** Why the stored bytes are not the whole mail, which the reason of a failed try must not write over. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.text('cut');
  });
  await tx(table('mails'))
    .where('reason', 'like', 'Only the header was %')
    .update({ cut: tx.ref('reason') });
}
