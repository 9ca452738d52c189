export { cleanHtml, withoutRemoteImages } from './clean-html.ts';
export { escapeHtml, readHtmlTree, serialize, setAttribute, textOf, walk, type HtmlElement, type HtmlNode } from './html-tree.ts';
export { htmlToText } from './html-to-text.ts';
export { markdownToHtml } from './markdown.ts';
export { sanitizeMail, sanitizerVersion, type SanitizedMail, type SanitizeOptions } from './sanitizing.ts';
export { textToHtml } from './text-to-html.ts';
