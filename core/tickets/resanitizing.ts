import type { Desk } from '../desk.ts';
import { cleanHtml, sanitizerVersion } from '../html/index.ts';

const batch = 100;
// A job must not hold its place for long; the next run goes on.
const maxRounds = 50;

/** The mails that messages were made of, as whoever received them kept them. */
export interface MailOriginals {
  /**
   * The HTML that the mail of a message would get today, not yet cleaned by core; undefined when there is no original, or
   * when it does not say what the message says any more, as after an edit.
   */
  htmlOf(message: { readonly id: number; readonly text: string }): Promise<string | undefined>;
}

declare module '../kernel/hook-map.ts' {
  interface Services {
    /** Asked when the rules of cleaning HTML have changed. */
    'mail.originals': MailOriginals;
  }
}

/**
 * Cleans stored messages again after the rules changed (mail.md S1) and returns how many it looked at. It starts from
 * the mail as it came, so that what an older version took out by mistake comes back; without one, from the stored form.
 */
export async function sanitizeStored(desk: Desk): Promise<number> {
  let looked = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const count = await sanitizeBatch(desk);
    looked += count;
    if (count < batch) break;
  }
  return looked;
}

async function sanitizeBatch(desk: Desk): Promise<number> {
  const originals = desk.services.get('mail.originals');
  const rows: { id: number; html: string; text: string; direction: string }[] = await desk.storage
    .read('messages')
    .whereNotNull('html')
    .where('sanitizer', '<', sanitizerVersion)
    .orderBy('id')
    .limit(batch)
    .select('id', 'html', 'text', 'direction');
  const cleaned: { readonly id: number; readonly before: string; readonly html: string }[] = [];
  for (const { id, html: before, text, direction } of rows) {
    const original = direction === 'in' ? await originals?.htmlOf({ id, text }).catch(() => undefined) : undefined;
    cleaned.push({ id, before, html: cleanHtml(original ?? before) });
  }
  if (cleaned.length > 0)
    await desk.storage.writeTx(async (tx) => {
      for (const { id, before, html } of cleaned)
        // Somebody may have changed it meanwhile; then the next pass looks again.
        await tx('messages').where({ id, html: before }).update({ html, sanitizer: sanitizerVersion });
    });
  return rows.length;
}
