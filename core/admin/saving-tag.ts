import type { Desk } from '../desk.ts';
import { Conflict, Invalid } from '../kernel/errors.ts';
import { fold } from '../i18n/index.ts';
import { isUniqueViolation } from '../storage/index.ts';
import { cleanTag } from '../tickets/index.ts';

/** Renames a tag on all its tickets, or adds one when `from` is empty. @throws Conflict `tags.name-taken`. */
export async function renameTag(desk: Desk, from: string, to: string): Promise<void> {
  const name = cleanTag(to);
  if (name === '') throw new Invalid('tags.name-missing', { fields: ['name'] });
  try {
    await desk.storage.writeTx(async (tx) => {
      if (from === '') await tx('tags').insert({ name, name_key: fold(name), created_at: desk.clock.now() });
      else
        await tx('tags')
          .where({ name: from })
          .update({ name, name_key: fold(name) });
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new Conflict('tags.name-taken', { name, fields: ['name'] }, { cause: error });
    throw error;
  }
}
