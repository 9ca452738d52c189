import { createHash } from 'node:crypto';
import type { PluginTx } from '@helpdesk/core/plugin';
import type { SmileyContext } from './settings.ts';

export const faces = ['good', 'okay', 'bad'] as const;
export type Face = (typeof faces)[number];

export interface Rating {
  readonly ticketId: number;
  readonly userId: number;
  readonly face: Face | null;
  readonly words: string;
  readonly askedAt: number;
  readonly ratedAt: number | null;
}

interface RatingRow {
  ticket_id: number;
  user_id: number;
  face: Face | null;
  words: string;
  asked_at: number;
  rated_at: number | null;
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Notes that a ticket's customer is asked; false when that was so before. */
export async function insertRating(
  tx: PluginTx,
  { ticketId, userId, token, now }: { readonly ticketId: number; readonly userId: number; readonly token: string; readonly now: number },
): Promise<boolean> {
  const inserted = await tx
    .table('ratings')
    .insert({ ticket_id: ticketId, user_id: userId, token_hash: hashOf(token), asked_at: now })
    .onConflict('ticket_id')
    .ignore()
    .returning('ticket_id');
  return inserted.length > 0;
}

export async function ratingOfTicket({ db }: SmileyContext, ticketId: number): Promise<Rating | undefined> {
  const row: RatingRow | undefined = await db.table('ratings').where({ ticket_id: ticketId }).first();
  return row === undefined ? undefined : fromRow(row);
}

export async function ratingOfToken({ db }: SmileyContext, token: string): Promise<Rating | undefined> {
  const row: RatingRow | undefined = await db
    .table('ratings')
    .where({ token_hash: hashOf(token) })
    .first();
  return row === undefined ? undefined : fromRow(row);
}

/** When the customer was asked last, about any ticket. */
export async function lastAskedAt({ db }: SmileyContext, userId: number): Promise<number | undefined> {
  const row: { at: number | null } | undefined = await db.table('ratings').where({ user_id: userId }).max({ at: 'asked_at' }).first();
  return row?.at ?? undefined;
}

/** Writes the answer; false when there is one already. */
export async function writeAnswer(
  { db, clock }: SmileyContext,
  ticketId: number,
  answer: { readonly face: Face; readonly words: string },
): Promise<boolean> {
  return db.tx(
    async (tx) =>
      (await tx
        .table('ratings')
        .where({ ticket_id: ticketId, rated_at: null })
        .update({ ...answer, rated_at: clock.now() })) === 1,
  );
}

/** Forgets questions that nobody answered until then. */
export async function deleteUnanswered({ db }: SmileyContext, before: number): Promise<void> {
  await db.tx((tx) => tx.table('ratings').where({ rated_at: null }).where('asked_at', '<', before).delete());
}

function fromRow(row: RatingRow): Rating {
  return {
    ticketId: row.ticket_id,
    userId: row.user_id,
    face: row.face,
    words: row.words,
    askedAt: row.asked_at,
    ratedAt: row.rated_at,
  };
}
