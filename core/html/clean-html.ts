import { sanitizeMail } from './sanitizing.ts';

/**
 * HTML as it is stored: harmless, with its images as they were. Pages clean it again for display, when
 * images of the message get addresses and those from outside are held back.
 */
export function cleanHtml(html: string): string {
  return sanitizeMail(html, { cidUrl: (contentId) => `cid:${contentId}`, allowRemoteImages: true }).html;
}
