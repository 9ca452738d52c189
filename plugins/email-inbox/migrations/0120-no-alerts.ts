import type { Tx } from '@helpdesk/core/plugin';

/** The version before this one may still run until here; `outages` has taken the place of this table. */
export const phase = 'contract';

export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.schema.dropTable(table('alerts'));
}
