import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { each, type Check, type Examined } from './check.ts';

const dayMs = 86_400_000;

export const filesChecks: readonly Check[] = [
  {
    id: 'attachments.file-row',
    claim: 'Attachments have no file row:',
    run: async ({ storage }) =>
      each(
        'attachment',
        await storage
          .read('attachments')
          .whereNotExists((file) => file.from('files').whereRaw('files.id = attachments.file_id'))
          .orderBy('id')
          .pluck('id'),
      ),
  },
  {
    id: 'files.content',
    claim: 'Stored files are missing or changed:',
    run: async (desk) => {
      const rows: readonly { sha256: string; id: number }[] = await desk.storage
        .read('files')
        .groupBy('sha256')
        .orderBy('sha256')
        .select('sha256')
        .min({ id: 'id' });
      const wrong: string[] = [];
      for (const { sha256, id } of rows) {
        const state = await contentOf(desk, sha256);
        if (state !== 'right') wrong.push(`file ${id} is ${state}`);
      }
      return wrong;
    },
  },
  {
    id: 'files.orphan',
    claim: 'Files older than a day belong to nothing:',
    run: async ({ storage, clock }) => {
      const loose: readonly number[] = await storage
        .read('files')
        .where('created_at', '<', clock.now() - dayMs)
        .whereNotExists((attachment) => attachment.from('attachments').whereRaw('attachments.file_id = files.id'))
        .orderBy('id')
        .pluck('id');
      if (loose.length === 0) return [];
      const drafts: readonly string[] = await storage.read('drafts').whereNot({ files: '[]' }).pluck('files');
      const mails: readonly string[] = await storage.read('outbox').whereNot({ files: '[]' }).pluck('files');
      const themes: readonly string[] = [
        ...(await storage.read('theme_versions').whereNot({ files: '[]' }).pluck('files')),
        ...(await storage.read('theme_drafts').whereNot({ files: '[]' }).pluck('files')),
      ];
      const used = new Set<unknown>([
        ...[...drafts, ...themes].flatMap((text) => JSON.parse(text) as readonly number[]),
        ...mails.flatMap((text) => (JSON.parse(text) as readonly { readonly fileId: number }[]).map(({ fileId }) => fileId)),
      ]);
      return each(
        'file',
        loose.filter((id) => !used.has(id)),
      );
    },
  },
];

async function contentOf({ files }: Examined, sha256: string): Promise<'right' | 'missing' | 'changed'> {
  const hash = createHash('sha256');
  try {
    await pipeline(await files.open(sha256), hash);
  } catch {
    return 'missing';
  }
  return hash.digest('hex') === sha256 ? 'right' : 'changed';
}
