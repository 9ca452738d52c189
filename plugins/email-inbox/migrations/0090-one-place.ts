import type { Tx } from '@helpdesk/core/plugin';

/** The version before this one may still run until here; `mails_place` has taken the place of its key. */
export const phase = 'contract';

export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.alterTable(table('mails'), (columns) => {
    columns.dropUnique(['mailbox_id', 'folder', 'uidvalidity', 'uid']);
  });
}
