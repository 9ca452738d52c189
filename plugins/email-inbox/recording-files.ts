import type { NewAttachment, User } from '@helpdesk/core/plugin';
import type { MailFile } from './mail-content.ts';
import type { MailAuthor } from './mail-identity.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';

/**
 * Gives the files of a mail their rows, and its author an account when the mail joins a ticket: core checks
 * both before its transaction. The ids are noted on the mail, so that a further try does not record them again.
 */
export async function recordFiles(
  ctx: InboxContext,
  { stored }: Arrival,
  files: readonly MailFile[],
  author: MailAuthor | undefined,
): Promise<{ attachments: readonly NewAttachment[]; author: User | undefined }> {
  const known = author === undefined ? undefined : await ctx.users.byEmail(author.address);
  // A mail can wait in quarantine for longer than files that nothing holds are kept.
  const isRecorded = stored.files.length === files.length && (await ctx.files.find(stored.files)).length === files.length;
  if (isRecorded && (author === undefined || known !== undefined)) return { attachments: attach(files, stored.files), author: known };

  const blobs: { sha256: string; size: number }[] = [];
  if (!isRecorded) for (const file of files) blobs.push(await ctx.files.store(file.content));
  return ctx.db.tx(async (tx) => {
    const user = author === undefined ? undefined : await ctx.users.findOrCreateCustomer(tx, { email: author.address, name: author.name });
    if (isRecorded) return { attachments: attach(files, stored.files), author: user };
    const ids: number[] = [];
    for (const [index, file] of files.entries()) {
      const blob = blobs[index];
      if (blob !== undefined) ids.push((await ctx.files.record(tx, { ...blob, name: file.filename, contentType: file.contentType })).id);
    }
    await tx
      .table('mails')
      .where({ id: stored.id })
      .update({ files: JSON.stringify(ids) });
    return { attachments: attach(files, ids), author: user };
  });
}

function attach(files: readonly MailFile[], ids: readonly number[]): readonly NewAttachment[] {
  return files.flatMap(({ contentId, isInline }, index) => {
    const fileId = ids[index];
    return fileId === undefined ? [] : [{ fileId, contentId: contentId ?? null, isInline }];
  });
}
