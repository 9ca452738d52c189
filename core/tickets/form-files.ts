import type { Desk } from '../desk.ts';
import { findFiles, type FileRecord } from '../files/index.ts';
import type { Form } from '../http/body.ts';
import { Invalid } from '../kernel/errors.ts';
import type { AttachmentView } from '../ui/types.ts';
import type { UserActor } from '../users/index.ts';
import { presentAttachments } from './attachment-view.ts';

/**
 * The files that a form names or brings. Only what the writer uploaded can be attached: else a made-up
 * number would open somebody else's file.
 *
 * @throws Invalid `files.unknown`.
 */
export async function filesIn(desk: Desk, actor: UserActor, form: Form): Promise<readonly FileRecord[]> {
  const ids = form.all('file').map(Number).filter(Number.isSafeInteger);
  const named = (await findFiles(desk.storage.read, ids)).filter(({ createdBy }) => createdBy === actor.userId);
  if (named.length !== new Set(ids).size) throw new Invalid('files.unknown', { fields: ['file'] });
  return [...named, ...form.files];
}

/** Files that wait in a form. */
export function presentFiles(files: readonly FileRecord[]): readonly AttachmentView[] {
  return presentAttachments(files.map((file) => ({ ...file, messageId: 0, fileId: file.id, contentId: null, isInline: false })));
}
