import type { Desk } from '../desk.ts';
import { cleanHtml, sanitizerVersion } from '../html/index.ts';

const batch = 100;
// A job must not hold its place for long; the next run goes on.
const maxRounds = 50;

/**
 * Cleans stored messages again after the rules became stricter (mail.md S1) and returns how many it looked at. It starts from the stored form: what plugins took out of a mail before it was stored must not come back.
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
  const rows: { id: number; html: string }[] = await desk.storage
    .read('messages')
    .whereNotNull('html')
    .where('sanitizer', '<', sanitizerVersion)
    .orderBy('id')
    .limit(batch)
    .select('id', 'html');
  const cleaned = rows.map(({ id, html }) => ({ id, before: html, html: cleanHtml(html) }));
  if (cleaned.length > 0)
    await desk.storage.writeTx(async (tx) => {
      for (const { id, before, html } of cleaned)
        // Somebody may have changed it meanwhile; then the next pass looks again.
        await tx('messages').where({ id, html: before }).update({ html, sanitizer: sanitizerVersion });
    });
  return rows.length;
}
