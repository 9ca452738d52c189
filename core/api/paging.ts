import { Invalid } from '../kernel/errors.ts';

/** The id after which a page begins. @throws Invalid `api.bad-cursor`. */
export function readIdCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const id = /^[0-9a-z]{1,10}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new Invalid('api.bad-cursor', { cursor });
  return id;
}

/** The cursor of the next page, from rows that were read with one more than `limit`. */
export function nextOf(rows: readonly { readonly id: number }[], limit: number): string | null {
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? last.id.toString(36) : null;
}
