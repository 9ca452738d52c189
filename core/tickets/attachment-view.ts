import { isDangerous } from '../files/index.ts';
import type { AttachmentView } from '../ui/types.ts';
import type { Attachment } from './types.ts';

/** Files of a message that are not shown inside its text. */
export function presentAttachments(attachments: readonly Attachment[]): readonly AttachmentView[] {
  return attachments
    .filter(({ isInline }) => !isInline)
    .map(({ fileId, name, size, contentType }) => {
      const safe = !isDangerous(name, contentType);
      const url = `/files/${fileId}`;
      return {
        id: String(fileId),
        name,
        size,
        url,
        kind: kindOf(contentType),
        safe,
        ...(safe && /^image\/(png|jpeg|gif|webp)$/.test(contentType) ? { previewUrl: url } : {}),
      };
    });
}

function kindOf(contentType: string): AttachmentView['kind'] {
  const [family] = contentType.split('/');
  if (family === 'image' || family === 'audio' || family === 'video') return family;
  if (/zip|tar|rar|7z|compressed/.test(contentType)) return 'archive';
  return /pdf|text|word|sheet|presentation|document/.test(contentType) ? 'document' : 'other';
}
