import type { Tx } from '@helpdesk/core/plugin';

/** Mails are listed, counted and swept by what became of them; an index of the open ones alone served none of that. */
export async function up(tx: Tx, table: (name: string) => string): Promise<void> {
  await tx.raw(`create index ${table('mails_by_state')} on ${table('mails')} (state, updated_at)`);
}
