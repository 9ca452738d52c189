import type { Desk } from '../desk.ts';
import { TryLater } from '../jobs/index.ts';

// Whoever stores bytes writes the row that names them after that: within this time it may still come.
const settledMs = 600_000;

/** Deletes bytes from disk that no file and no plugin has any more. @throws TryLater while somebody may be storing the same ones. */
export async function removeUnused({ storage, files, hooks }: Desk, hashes: readonly string[]): Promise<void> {
  const kept: string[] = await storage.read('files').whereIn('sha256', hashes).pluck('sha256');
  const unused = await hooks.applyFilter(
    'files.removing',
    hashes.filter((one) => !kept.includes(one)),
    {},
  );
  let wait = 0;
  for (const sha256 of unused) {
    const left = settledMs - ((await files.ageOf(sha256)) ?? settledMs);
    if (left <= 0) await files.remove(sha256);
    wait = Math.max(wait, left);
  }
  if (wait > 0) throw new TryLater('Bytes were stored a moment ago.', wait, { isFree: true });
}

const keptMs = 86_400_000;

/** Forgets uploads of more than a day ago that no message, draft, waiting mail or theme holds. Returns how many. */
export async function sweepFiles(desk: Desk): Promise<number> {
  const { read } = desk.storage;
  const loose: number[] = await read('files')
    .where('created_at', '<', desk.clock.now() - keptMs)
    .whereNotExists((attachment) => void attachment.from('attachments').whereRaw('attachments.file_id = files.id'))
    .limit(1000)
    .pluck('id');
  if (loose.length === 0) return 0;
  const drafts: string[] = await read('drafts').whereNot({ files: '[]' }).pluck('files');
  const mails: string[] = await read('outbox').whereNot({ files: '[]' }).pluck('files');
  const themes: string[] = [
    ...(await read('theme_versions').whereNot({ files: '[]' }).pluck('files')),
    ...(await read('theme_drafts').whereNot({ files: '[]' }).pluck('files')),
  ];
  const used = new Set<number>([
    ...[...drafts, ...themes].flatMap((text) => JSON.parse(text) as readonly number[]),
    ...mails.flatMap((text) => (JSON.parse(text) as readonly { readonly fileId: number }[]).map(({ fileId }) => fileId)),
  ]);
  const abandoned = loose.filter((id) => !used.has(id));
  return abandoned.length === 0
    ? 0
    : desk.storage.writeTx((tx) =>
        tx('files')
          .whereIn('id', abandoned)
          .whereNotExists((attachment) => void attachment.from('attachments').whereRaw('attachments.file_id = files.id'))
          .delete(),
      );
}
