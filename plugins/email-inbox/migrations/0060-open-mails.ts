import type { Tx } from '@helpdesk/core/plugin';

/** The version before this one may still run until here; `mails_by_state` has taken the place of its index. */
export const phase = 'contract';

export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.raw(`drop index ${table('mails_open')}`);
}
