import type { Desk } from '../desk.ts';
import { findFiles, type FileRecord } from '../files/index.ts';
import { readForm } from '../http/body.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import { visibleTickets, type NewAttachment } from '../tickets/index.ts';
import type { UserActor } from '../users/index.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import { presentFile } from './presenting.ts';
import { ref } from './schemas.ts';

export const filesEndpoints: readonly Endpoint[] = [
  endpoint<FileRecord>({
    method: 'POST',
    path: '/files',
    summary: 'Stores a file, to be attached to a message',
    isUpload: true,
    answer: ref('File'),
    run: async ({ body }) => presentFile(body),
  }),
  endpoint({
    method: 'GET',
    path: '/files/:id',
    summary: 'The bytes of an own upload, or of a file of a ticket one may see',
    answer: 'file',
    run: async ({ desk, ctx, actor, id }) => {
      const [file] = await seenFiles(desk, actor, [id]);
      if (file === undefined) throw new NotFound('files.not-found', { id });
      // Never shown in the browser: an uploaded page would run with the desk's origin.
      ctx.set({
        'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
        'Content-Security-Policy': "sandbox; default-src 'none'",
      });
      ctx.type = /^[\w.+-]+\/[\w.+-]+$/.test(file.contentType) ? file.contentType : 'application/octet-stream';
      ctx.length = file.size;
      return desk.files.open(file.sha256);
    },
  }),
];

/** Stores the one field `file` of a multipart body. @throws Invalid `files.missing-field`. */
export async function receiveUpload(desk: Desk, ctx: Parameters<typeof readForm>[1]): Promise<FileRecord> {
  const form = await readForm(desk, ctx);
  const file = form.files.find(({ field }) => field === 'file');
  if (file === undefined) throw new Invalid('files.missing-field', { fields: { file: 'is required' } });
  return file;
}

/** Attachments of these uploads. @throws Invalid `files.unknown` also for files of others, which could be read through them. */
export async function usableFiles(desk: Desk, actor: UserActor, ids: readonly number[] = []): Promise<readonly NewAttachment[]> {
  const wanted = [...new Set(ids)];
  const seen = await seenFiles(desk, actor, wanted);
  const unknown = wanted.filter((id) => !seen.some((file) => file.id === id));
  if (unknown.length > 0) throw new Invalid('files.unknown', { ids: unknown, fields: { files: 'is unknown' } });
  return wanted.map((fileId) => ({ fileId }));
}

async function seenFiles(desk: Desk, actor: UserActor, ids: readonly number[]): Promise<readonly FileRecord[]> {
  const files = await findFiles(desk.storage.read, ids);
  const foreign = files.filter(({ createdBy }) => createdBy !== actor.userId).map(({ id }) => id);
  if (foreign.length === 0) return files;
  const attached = desk.storage
    .read('attachments')
    .join('messages', 'messages.id', 'attachments.message_id')
    .join('tickets', 'tickets.id', 'messages.ticket_id')
    .whereIn('attachments.file_id', foreign)
    .whereNull('messages.deleted_at');
  if (actor.role === 'customer') void attached.where('messages.kind', 'reply');
  const visible: number[] = await visibleTickets(attached, actor).distinct().pluck('attachments.file_id');
  return files.filter(({ id }) => !foreign.includes(id) || visible.includes(id));
}
