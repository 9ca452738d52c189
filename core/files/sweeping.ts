import type { Desk } from '../desk.ts';

/** Deletes bytes from disk that no file has any more. */
export async function removeUnused({ storage, files }: Desk, hashes: readonly string[]): Promise<void> {
  for (const sha256 of hashes) if ((await storage.read('files').where({ sha256 }).first('id')) === undefined) await files.remove(sha256);
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
