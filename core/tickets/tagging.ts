import type { Clock } from '../kernel/clock.ts';
import { fold } from '../i18n/index.ts';
import type { Reader, Tx } from '../storage/index.ts';
import { cleanName } from '../users/index.ts';

const maxTag = 60;

/** One line, folded only for comparing: "İade" and "iade" are one tag, shown as first written. */
export function cleanTag(tag: string): string {
  return cleanName(tag.replaceAll(',', ' ')).slice(0, maxTag).trim();
}

/** Names of a ticket's tags, in order. */
export async function tagsOf(reader: Reader, ticketId: number): Promise<readonly string[]> {
  return reader('ticket_tags').join('tags', 'tags.id', 'ticket_tags.tag_id').where({ ticket_id: ticketId }).orderBy('name').pluck('name');
}

/** Makes the ticket's tags these, creating what does not exist. Returns what was there before. */
export async function setTags(tx: Tx, clock: Clock, ticketId: number, tags: readonly string[]): Promise<readonly string[]> {
  const before = await tagsOf(tx, ticketId);
  const wanted = new Map(
    tags
      .map((tag) => cleanTag(tag))
      .filter((tag) => tag !== '')
      .map((tag) => [fold(tag), tag]),
  );
  if (before.length === 0 && wanted.size === 0) return before;
  if (wanted.size > 0) {
    await tx('tags')
      .insert([...wanted].map(([key, name]) => ({ name, name_key: key, created_at: clock.now() })))
      .onConflict('name_key')
      .ignore();
  }
  await tx('ticket_tags').where({ ticket_id: ticketId }).delete();
  const ids: number[] =
    wanted.size === 0
      ? []
      : await tx('tags')
          .whereIn('name_key', [...wanted.keys()])
          .pluck('id');
  if (ids.length > 0) await tx('ticket_tags').insert(ids.map((id) => ({ ticket_id: ticketId, tag_id: id })));
  return before;
}
