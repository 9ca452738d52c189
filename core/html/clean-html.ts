import { sanitizeMail } from './sanitizing.ts';

/** Stored HTML for somebody else's eyes, as in a quote: images from outside stay away (mozilla/sumo#3303). */
export function withoutRemoteImages(html: string): string {
  return sanitizeMail(html, { cidUrl: (contentId) => `cid:${contentId}`, allowRemoteImages: false }).html;
}

/**
 * HTML as it is stored: harmless, with its images as they were. Pages clean it again for display, when
 * images of the message get addresses and those from outside are held back.
 */
export function cleanHtml(html: string): string {
  return sanitizeMail(html, { cidUrl: (contentId) => `cid:${contentId}`, allowRemoteImages: true }).html;
}
