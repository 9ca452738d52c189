import { createHash } from 'node:crypto';
import { Invalid } from '../kernel/errors.ts';
import { cleanHtml, htmlToText } from '../mail/index.ts';
import type { Reader } from '../storage/index.ts';
import type { NewMessage } from './types.ts';

const maxText = 1_000_000;
const previewLength = 140;

export interface Content {
  readonly text: string;
  readonly html: string | null;
}

/**
 * Text and sanitized HTML of a message: whichever is missing is made from the other.
 *
 * @throws Invalid `messages.empty` when there is neither a visible character nor a file.
 */
export function contentOf(message: NewMessage): Content {
  const html = message.html === undefined || message.html.trim() === '' ? null : cleanHtml(message.html.slice(0, maxText));
  const text = (message.text ?? (html === null ? '' : htmlToText(html))).slice(0, maxText).replaceAll('\0', '');
  const hasFile = (message.attachments ?? []).length > 0;
  if (text.trim() === '' && !hasFile && html?.includes('<img') !== true) throw new Invalid('messages.empty', { fields: ['text'] });
  return { text, html };
}

/** The beginning of a text on one line, for lists. */
export function previewOf(text: string): string {
  return text.slice(0, 2000).replaceAll(/\s+/g, ' ').trim().slice(0, previewLength);
}

/** What a Message-ID is looked up by: ids can be longer than an index row (PostgreSQL: 2,704 bytes). */
export function mailIdHash(messageId: string): string {
  return createHash('sha256').update(messageId.trim().replace(/^</, '').replace(/>$/, '')).digest('hex');
}

/** @throws Invalid `files.unknown` when an attachment names a file that does not exist. */
export async function refuseUnknownFiles(reader: Reader, message: NewMessage): Promise<void> {
  const ids = [...new Set((message.attachments ?? []).map(({ fileId }) => fileId))];
  if (ids.length === 0) return;
  const known: number[] = await reader('files').whereIn('id', ids).pluck('id');
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new Invalid('files.unknown', { ids: unknown, fields: ['files'] });
}
