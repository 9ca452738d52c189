import type { Desk } from '../desk.ts';
import { listOf, type ListQuery, type Reader } from '../storage/index.ts';
import type { UserActor } from '../users/index.ts';
import type { Message } from './types.ts';

/** For whom images of a sender are shown: the agent who said so, or everybody at the desk. */
export type ImageScope = 'me' | 'desk';

interface ImagePermission {
  readonly authorId: number;
  readonly userId: number | null;
}

/** Whose images these are, for a permission; null where nobody knows: all unknown senders share one account. */
export function imageAuthor({ authorId, flags }: Pick<Message, 'authorId' | 'flags'>): number | null {
  return flags.includes('unknown-sender') ? null : authorId;
}

/** What was said to a person about showing the images of these authors, for `imageScopes`. */
export function imagePermissions(reader: Reader, userId: number, authorIds: readonly number[]): ListQuery<ImagePermission> {
  return listOf<ImagePermission>(
    reader('image_permissions')
      .whereIn('author_id', [...new Set(authorIds)])
      .where((mine) => void mine.whereNull('user_id').orWhere({ user_id: userId })),
    { authorId: 'author_id', userId: 'user_id' },
  );
}

/** The authors whose images from outside are shown, and to whom. */
export function imageScopes(permissions: readonly ImagePermission[]): ReadonlyMap<number, ImageScope> {
  return new Map(
    permissions
      .toSorted((a, b) => Number(a.userId === null) - Number(b.userId === null))
      .map(({ authorId, userId }) => [authorId, userId === null ? 'desk' : 'me'] as const),
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
