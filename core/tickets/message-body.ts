import { readHtmlTree, sanitizeMail, serialize, setAttribute, textOf, walk, type HtmlElement, type SanitizedMail } from '../html/index.ts';
import { safeHtml } from '../kernel/templates.ts';
import type { Message } from './types.ts';
import type { MessageBodyView } from './views.ts';

// Anything beyond these needs the sandboxed frame, where foreign styles cannot touch the desk.
const simpleTags = new Set('a b blockquote br code div em i li ol p pre s span strong u ul img h1 h2 h3 h4 hr'.split(' '));

export interface BodyOptions {
  /** Prints even rich HTML in the page (the portal), without its styles; otherwise it goes into a frame. */
  readonly isInline?: boolean;
}

/** How a page shows a message: plain text, simple HTML in the page, or a frame; the quoted history folded. */
export function presentBody(message: Message, options: BodyOptions = {}): MessageBodyView {
  if (message.html === null) return { kind: 'text', ...splitText(message) };
  const { reply, quote } = splitHtml(message.html);
  const cleaned = shown(message, reply);
  const remote = cleaned.blockedRemoteImages + (quote === undefined ? 0 : shown(message, quote).blockedRemoteImages);
  // A picture that may be shown needs the frame, whose policy lets nothing else in.
  if (options.isInline !== true && (remote > 0 || !isSimple(cleaned.html))) {
    return {
      kind: 'frame',
      frameUrl: `/desk/messages/${message.id}/body`,
      ...(remote > 0 ? { remoteImages: remote } : {}),
    };
  }
  return {
    kind: 'html',
    html: safeHtml(unstyled(cleaned.html)),
    ...(quote === undefined ? {} : { quoteHtml: safeHtml(unstyled(shown(message, quote).html)) }),
  };
}

// In our own page foreign colors may become unreadable (dark mode), and a picture that is not loaded is only a hole.
function unstyled(html: string): string {
  const tree = readHtmlTree(html);
  for (const node of walk(tree)) {
    if (node.kind !== 'element') continue;
    for (const name of ['style', 'color', 'bgcolor', 'background']) setAttribute(node, name, undefined);
    if (node.name !== 'img') continue;
    setAttribute(node, 'alt', node.attributes['alt'] ?? '');
    if (node.attributes['src'] === undefined) node.parent?.children.splice(node.parent.children.indexOf(node), 1);
  }
  return serialize(tree);
}

/** The whole HTML of a message for its frame; images from outside only under the address that is given for each. */
export function frameHtml(message: Message, remoteUrl: ((url: string) => string) | undefined): string {
  return shown(message, message.html ?? '', remoteUrl).html;
}

/** The part before the quoted history, and the history. */
export function splitHtml(html: string): { readonly reply: string; readonly quote: string | undefined } {
  if (!html.includes('data-quote')) return { reply: html, quote: undefined };
  const tree = readHtmlTree(html);
  const mark = [...walk(tree)].find((node): node is HtmlElement => node.kind === 'element' && node.attributes['data-quote'] !== undefined);
  if (mark?.parent === undefined) return { reply: html, quote: undefined };
  mark.parent.children.splice(mark.parent.children.indexOf(mark), 1);
  // A message that is nothing but history is shown whole.
  if (textOf(tree).trim() === '') return { reply: html, quote: undefined };
  return { reply: serialize(tree), quote: serialize(mark) };
}

function shown(message: Message, html: string, remoteUrl?: (url: string) => string): SanitizedMail {
  return sanitizeMail(html, {
    cidUrl: (contentId) => `/messages/${message.id}/parts/${encodeURIComponent(contentId)}`,
    allowRemoteImages: remoteUrl !== undefined,
    ...(remoteUrl === undefined ? {} : { remoteUrl }),
  });
}

function isSimple(html: string): boolean {
  if (html.includes('style=')) return false;
  return [...walk(readHtmlTree(html))].every((node) => node.kind === 'text' || simpleTags.has(node.name) || node.name === '#root');
}

function splitText({ text, folds }: Message): { text: string; quoteText?: string } {
  // Answers between quoted lines stay where they are: only a lone quote above or below all of them is folded, with the signature.
  const lone = folds.quotes?.length === 1 ? folds.quotes[0] : undefined;
  const start = lone !== undefined && text.slice(0, lone[0]).trim() === '' ? lone[1] : 0;
  const end = lone !== undefined && start === 0 && text.slice(lone[1]).trim() === '' ? lone[0] : text.length;
  const { signature } = folds;
  const isLast = signature !== undefined && signature[0] >= start && signature[0] < end && text.slice(signature[1], end).trim() === '';
  const cut = isLast ? signature[0] : end;
  const shown = text.slice(start, cut);
  if (shown.length === text.length || shown.trim() === '') return { text };
  return { text: shown.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd(), quoteText: `${text.slice(0, start)}${text.slice(cut)}` };
}
