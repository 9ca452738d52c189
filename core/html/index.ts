export * from './reading.ts';
export { cleanHtml, withoutRemoteImages } from './clean-html.ts';
export { markdownToHtml } from './markdown.ts';
export { sanitizeMail, sanitizerVersion, type SanitizedMail, type SanitizeOptions } from './sanitizing.ts';
