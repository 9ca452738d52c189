import { readHtmlTree, sanitizeMail, serialize, setAttribute, walk, type HtmlElement, type SanitizedMail } from '../html/index.ts';
import type { Translator } from '../i18n/index.ts';
import { safeHtml } from '../kernel/templates.ts';
import { closeFolds, foldText, openPart } from './message-folds.ts';
import type { Message } from './types.ts';
import type { MessageBodyView } from './views.ts';

// Anything beyond these needs the sandboxed frame, where foreign styles cannot touch the desk.
const simpleTags = new Set('a b blockquote br code div em i li ol p pre s span strong u ul img h1 h2 h3 h4 hr'.split(' '));

export interface BodyOptions {
  /** The reader's. */
  readonly translator: Translator;
  /** Prints even rich HTML in the page (the portal), without its styles; otherwise it goes into a frame. */
  readonly isInline?: boolean;
}

/** How a page shows a message: text or simple HTML in the page, or a frame; what is quoted folded in its place. */
export function presentBody(message: Message, { translator, isInline = false }: BodyOptions): MessageBodyView {
  if (message.html === null) return { kind: 'html', html: safeHtml(foldText(message.text, message.folds, translator)) };
  const { html, blockedRemoteImages: remote } = shown(message);
  const tree = readHtmlTree(html);
  // A picture that may be shown needs the frame, whose policy lets nothing else in.
  if (!isInline && (remote > 0 || !isSimple(openPart(tree)))) {
    return {
      kind: 'frame',
      frameUrl: `/desk/messages/${message.id}/body`,
      ...(remote > 0 ? { remoteImages: remote } : {}),
    };
  }
  dropStyles(tree);
  closeFolds(tree, translator);
  return { kind: 'html', html: safeHtml(serialize(tree)) };
}

// In our own page foreign colors may become unreadable (dark mode), and a picture that is not loaded is only a hole.
function dropStyles(tree: HtmlElement): void {
  for (const node of walk(tree)) {
    if (node.kind !== 'element') continue;
    for (const name of ['style', 'color', 'bgcolor', 'background']) setAttribute(node, name, undefined);
    if (node.name !== 'img') continue;
    setAttribute(node, 'alt', node.attributes['alt'] ?? '');
    if (node.attributes['src'] === undefined) node.parent?.children.splice(node.parent.children.indexOf(node), 1);
  }
}

/** The whole HTML of a message for its frame; images from outside only under the address that is given for each. */
export function frameHtml(message: Message, translator: Translator, remoteUrl: ((url: string) => string) | undefined): string {
  const tree = readHtmlTree(shown(message, remoteUrl).html);
  closeFolds(tree, translator);
  return serialize(tree);
}

function shown(message: Message, remoteUrl?: (url: string) => string): SanitizedMail {
  return sanitizeMail(message.html ?? '', {
    cidUrl: (contentId) => `/messages/${message.id}/parts/${encodeURIComponent(contentId)}`,
    allowRemoteImages: remoteUrl !== undefined,
    ...(remoteUrl === undefined ? {} : { remoteUrl }),
  });
}

function isSimple(tree: HtmlElement): boolean {
  return [...walk(tree)].every((node) => node.kind === 'text' || (simpleTags.has(node.name) && node.attributes['style'] === undefined));
}
