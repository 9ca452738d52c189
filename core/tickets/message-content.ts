import { Invalid } from '../kernel/errors.ts';
import { cleanHtml, htmlToText, readHtmlTree, serialize, setAttribute, walk } from '../html/index.ts';
import type { Reader } from '../storage/index.ts';
import { isAgent, type Actor } from '../users/index.ts';
import type { NewAttachment, NewMessage } from './types.ts';

const maxText = 1_000_000;
const previewLength = 140;

export interface Content {
  readonly text: string;
  readonly html: string | null;
  readonly attachments: readonly NewAttachment[];
}

/**
 * Text and sanitized HTML of a message: whichever is missing is made from the other.
 *
 * @throws Invalid `messages.empty` when there is neither a visible character nor a file.
 */
export function contentOf(message: NewMessage): Content {
  const inlined = message.html === undefined || message.html.trim() === '' ? undefined : withInlineImages(message.html.slice(0, maxText));
  const html = inlined === undefined ? null : cleanHtml(inlined.html);
  const text = (message.text ?? (html === null ? '' : htmlToText(html))).slice(0, maxText).replaceAll('\0', '');
  const attachments = [
    ...(message.attachments ?? []).filter(({ fileId }) => inlined?.images.every((image) => image.fileId !== fileId) ?? true),
    ...(inlined?.images ?? []),
  ];
  const hasFile = attachments.length > 0;
  if (text.trim() === '' && !hasFile && html?.includes('<img') !== true) throw new Invalid('messages.empty', { fields: ['text'] });
  return { text, html, attachments };
}

/** Images that were pasted into the editor point at uploads; in the message they are parts of it (RFC 2392). */
function withInlineImages(html: string): { html: string; images: readonly NewAttachment[] } {
  if (!html.includes('/files/')) return { html, images: [] };
  const tree = readHtmlTree(html);
  const images = new Map<number, NewAttachment>();
  for (const node of walk(tree)) {
    if (node.kind !== 'element' || node.name !== 'img') continue;
    const fileId = Number(/^\/files\/(\d{1,15})(?:[/?#]|$)/.exec(node.attributes['src'] ?? '')?.[1]);
    if (!Number.isSafeInteger(fileId)) continue;
    const contentId = `file-${fileId}@helpdesk`;
    setAttribute(node, 'src', `cid:${contentId}`);
    images.set(fileId, { fileId, contentId, isInline: true });
  }
  return { html: serialize(tree), images: [...images.values()] };
}

/** The beginning of a text on one line, for lists. */
export function previewOf(text: string): string {
  return text.slice(0, 2000).replaceAll(/\s+/g, ' ').trim().slice(0, previewLength);
}

/**
 * People may attach what they uploaded; agents also what hangs on a message, as when they forward it.
 *
 * @throws Invalid `files.unknown` when an attachment names any other file, or none that exists.
 */
export async function refuseUnknownFiles(reader: Reader, actor: Actor, { attachments }: Content): Promise<void> {
  const ids = [...new Set(attachments.map(({ fileId }) => fileId))];
  if (ids.length === 0) return;
  const files: { id: number; created_by: number | null }[] = await reader('files').whereIn('id', ids).select('id', 'created_by');
  const attached: number[] = isAgent(actor) ? await reader('attachments').whereIn('file_id', ids).pluck('file_id') : [];
  const isFree = (file: { id: number; created_by: number | null }): boolean =>
    actor.kind !== 'user' || file.created_by === actor.userId || attached.includes(file.id);
  const known = files.filter(isFree).map(({ id }) => id);
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new Invalid('files.unknown', { ids: unknown, fields: ['files'] });
}
