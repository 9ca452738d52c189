import type { App } from '../app.ts';
import { readForm } from '../http/body.ts';
import { signedIn, type Context, type Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { attachmentsOf, findMessage, seeTicket } from '../tickets/index.ts';
import type { Actor } from '../users/index.ts';
import { ContentLinks } from './content-links.ts';
import { isDangerous } from './dangerous-files.ts';
import { findFiles, type FileRecord } from './files-repository.ts';
import { imageTypeOf } from './image-type.ts';

/**
 * Uploads and downloads. A file is shown to whoever uploaded it and to whoever may see a message that holds it: its
 * address asks the session and leads to another one, which serves the content without cookies.
 */
export function filesRoutes({ desk }: App): Middleware {
  const links = new ContentLinks(() => desk.secrets.signingKey('contents'), desk.clock);
  return new Router()
    .get('/files/:id', async (ctx) => lead(ctx, await seeFile(desk, signedIn(ctx).actor, Number(ctx.params['id']))))
    .get('/content/:id/:until/:signature/:name', async (ctx) => {
      const { id, until, signature = '', name = '' } = ctx.params;
      const linked = { id: Number(id), name };
      const verdict = desk.secrets.isOpen ? links.judge(linked, Number(until), signature) : 'ended';
      // Whoever kept an old address is asked who they are.
      if (verdict === 'ended') return ctx.redirect(`/files/${linked.id}`);
      const [file] = verdict === 'open' ? await findFiles(desk.storage.read, [linked.id]) : [];
      if (file === undefined) throw new NotFound('files.not-found');
      await sendFile(desk, ctx, file);
    })
    .post('/desk/uploads', upload)
    .post('/files', upload)
    .get('/messages/:id/parts/:contentId', async (ctx) => {
      const { actor } = signedIn(ctx);
      const message = await findMessage(desk.storage.read, Number(ctx.params['id']));
      if (message === undefined || (message.kind === 'note' && actor.role === 'customer')) throw new NotFound('files.not-found');
      await seeTicket(desk, actor, message.ticketId);
      const wanted = (ctx.params['contentId'] ?? '').toLowerCase();
      const part = (await attachmentsOf(desk.storage.read, [message.id])).find((one) => one.contentId?.toLowerCase() === wanted);
      if (part === undefined) throw new NotFound('files.not-found');
      await lead(ctx, { ...part, id: part.fileId, createdBy: null });
    })
    .middleware();

  // Processes without the key file have no key in common, so each answers itself.
  async function lead(ctx: Context, file: FileRecord): Promise<void> {
    if (desk.secrets.isOpen) ctx.redirect(links.addressOf(file));
    else await sendFile(desk, ctx, file);
  }

  async function upload(ctx: Context): Promise<void> {
    signedIn(ctx);
    const [file] = (await readForm(desk, ctx)).files;
    if (file === undefined) throw new Invalid('files.none', { fields: ['file'] });
    ctx.status = 201;
    ctx.body = { id: file.id, name: file.name, size: file.size, sha256: file.sha256, url: `/files/${file.id}` };
  }
}

/** @throws NotFound also when the file exists and the actor may not see it. */
export async function seeFile(desk: Desk, actor: Actor, id: number): Promise<FileRecord> {
  const [file] = Number.isSafeInteger(id) ? await findFiles(desk.storage.read, [id]) : [];
  if (file === undefined) throw new NotFound('files.not-found', { id });
  if (actor.kind !== 'user' || file.createdBy === actor.userId) return file;
  const messages: { ticket_id: number; kind: string }[] = await desk.storage
    .read('attachments')
    .join('messages', 'messages.id', 'attachments.message_id')
    .where('attachments.file_id', id)
    .whereNull('messages.deleted_at')
    .select('messages.ticket_id', 'messages.kind');
  for (const message of messages) {
    if (message.kind === 'note' && actor.role === 'customer') continue;
    const isVisible = await seeTicket(desk, actor, message.ticket_id).then(
      () => true,
      () => false,
    );
    if (isVisible) return file;
  }
  throw new NotFound('files.not-found', { id });
}

/**
 * Streams a stored file; nothing in it can act for the reader. Only images that are what browsers show without running
 * anything, by their first bytes and not by what a sender says, are shown in their place; all else is downloaded.
 */
export async function sendFile(desk: Desk, ctx: Context, file: FileRecord): Promise<void> {
  const type = isDangerous(file.name, file.contentType) ? undefined : imageTypeOf(await desk.files.head(file.sha256, 16));
  ctx.set({
    'Content-Security-Policy': "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox",
    'Cache-Control': 'private, max-age=3600',
    'Content-Disposition': `${type === undefined ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeURIComponent(file.name).replaceAll("'", '%27')}`,
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.type = type ?? 'application/octet-stream';
  ctx.length = file.size;
  ctx.body = await desk.files.open(file.sha256);
}
