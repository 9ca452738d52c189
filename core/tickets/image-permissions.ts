import type { Desk } from '../desk.ts';
import type { Reader } from '../storage/index.ts';
import type { UserActor } from '../users/index.ts';

/** For whom images of a sender are shown: the agent who said so, or everybody at the desk. */
export type ImageScope = 'me' | 'desk';

/** The authors among these whose images from outside are shown to a person. */
export async function authorsWithImages(
  reader: Reader,
  userId: number,
  authorIds: readonly number[],
): Promise<ReadonlyMap<number, ImageScope>> {
  if (authorIds.length === 0) return new Map();
  const rows: { author_id: number; user_id: number | null }[] = await reader('image_permissions')
    .whereIn('author_id', [...new Set(authorIds)])
    .where((mine) => void mine.whereNull('user_id').orWhere({ user_id: userId }))
    .select('author_id', 'user_id');
  return new Map(
    rows
      .toSorted((a, b) => Number(a.user_id === null) - Number(b.user_id === null))
      .map((row) => [row.author_id, row.user_id === null ? 'desk' : 'me'] as const),
  );
}

/** From now on images of a sender are shown, or (null) no longer, whoever had allowed them. */
export async function setImagePermission(desk: Desk, actor: UserActor, authorId: number, scope: ImageScope | null): Promise<void> {
  const userId = scope === 'me' ? actor.userId : null;
  await desk.storage.writeTx(async (tx) => {
    const standing = tx('image_permissions').where({ author_id: authorId });
    if (scope === null) await standing.where((own) => void own.whereNull('user_id').orWhere({ user_id: actor.userId })).delete();
    else {
      await standing.where({ user_id: userId }).delete();
      await tx('image_permissions').insert({ author_id: authorId, user_id: userId, created_at: desk.clock.now() });
    }
  });
}
