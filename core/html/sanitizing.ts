import sanitizeHtml from 'sanitize-html';
import { htmlToText } from './html-to-text.ts';
import { readHtmlTree, serialize, setAttribute, textOf, walk, type HtmlElement } from './html-tree.ts';
import { textToHtml } from './text-to-html.ts';

export interface SanitizeOptions {
  /** The address of a part of the same mail by its Content-ID without brackets, in lower case; undefined when there is none. */
  readonly cidUrl: (contentId: string) => string | undefined;
  readonly allowRemoteImages: boolean;
  /** Where an allowed image from outside is fetched from instead. */
  readonly remoteUrl?: (url: string) => string;
}

/** HTML that is safe to show in the sandboxed frame. Blocked images carry their address in `data-remote-src`. */
export interface SanitizedMail {
  readonly html: string;
  readonly blockedRemoteImages: number;
  readonly usedCids: readonly string[];
}

/** Grows with every rule that takes more away; stored messages of an older one are cleaned again. */
export const sanitizerVersion = 3;

const maxHtml = 5 * 1024 * 1024;
// Four times what the longest newsletters have; each costs time on every page that shows the mail.
const maxElements = 30_000;

/**
 * Cleans the HTML of a mail by an allow-list (mail.md S2): no scripts, handlers, forms, frames, ids or classes, no
 * CSS that loads, overlays or moves. HTML over 5 MiB, or of more than 30,000 elements, is shown as its text.
 */
export function sanitizeMail(html: string, options: SanitizeOptions): SanitizedMail {
  if (html.length > maxHtml || openedElements(html) > maxElements)
    return { html: textToHtml(htmlToText(html.slice(0, maxHtml))), blockedRemoteImages: 0, usedCids: [] };
  const tree = readHtmlTree(html);
  dropUnreadable(tree);
  const images = new ImageRules(options);
  const elements = [...walk(tree)].filter((node) => node.kind === 'element');
  for (const element of elements) {
    if (element.name === 'a') prepareLink(element);
    else if (element.name === 'img') images.prepare(element);
    shortenStyle(element);
    dropHandlerText(element);
  }
  return { html: settle(sanitizeHtml(serialize(tree), rules)), blockedRemoteImages: images.blocked, usedCids: [...images.cids] };
}

function openedElements(html: string): number {
  let count = 0;
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at + 1)) if (html[at + 1] !== '/') count += 1;
  return count;
}

/**
 * Takes out what is dropped with its content before anything is written back: the two parsers disagree about where such
 * elements end, so what one of them takes for text must not come out of the other as an element.
 */
function dropUnreadable(tree: HtmlElement): void {
  const waiting: HtmlElement[] = [tree];
  for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
    const kept = parent.children.filter((child) => child.kind === 'text' || !unreadable.has(child.name));
    parent.children.length = 0;
    for (const child of kept) {
      const readable = child.kind === 'element' && child.name === 'plaintext' ? preformatted(child, parent) : child;
      parent.children.push(readable);
      if (readable.kind === 'element') waiting.push(readable);
    }
  }
}

/** Everything behind `<plaintext>` is text, up to the end of the mail. */
function preformatted(element: HtmlElement, parent: HtmlElement): HtmlElement {
  const block: HtmlElement = { kind: 'element', name: 'pre', attributes: {}, children: [], parent };
  block.children.push({ kind: 'text', text: textOf(element), parent: block });
  return block;
}

const maxRounds = 5;

/** What stood around a dropped element may read differently side by side, so it is read again until nothing changes. */
function settle(html: string): string {
  let settled = html;
  for (let round = 0; round < maxRounds; round += 1) {
    const again = sanitizeHtml(serialize(readHtmlTree(settled)), rules);
    if (again === settled) break;
    settled = again;
  }
  return settled;
}

const color = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|hsl)a?\([\d\s.,%/]{1,60}\))$/i;
const length = /^(?:0|auto|inherit|-?\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|%|cm|mm|in)?)$/i;
const size = /^(?:0|auto|inherit|none|\d{1,5}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|%|cm|mm|in)?)$/i;
const lengths = /^(?:(?:0|auto|inherit|\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|%|cm|mm|in)?)(?:\s+|$)){1,4}$/i;
const border = /^[a-z0-9#.,%\s]{1,60}(?:rgba?\([\d\s.,%]{1,40}\))?$/i;
const words = /^[a-z][a-z\s-]{0,40}$/i;

const styles: Record<string, RegExp[]> = {
  color: [color],
  'background-color': [color],
  background: [color],
  'font-size': [size, words],
  'font-family': [/^[\w\s,'"-]{1,200}$/],
  'font-weight': [/^(?:\d{3}|[a-z]{4,8})$/i],
  'font-style': [words],
  'font-variant': [words],
  'text-align': [words],
  'text-decoration': [words],
  'text-transform': [words],
  'text-indent': [length],
  'line-height': [/^(?:normal|\d{1,3}(?:\.\d{1,4})?(?:px|pt|em|%)?)$/i],
  'letter-spacing': [length, words],
  'white-space': [words],
  'vertical-align': [length, words],
  'word-break': [words],
  'overflow-wrap': [words],
  'list-style-type': [words],
  'border-collapse': [words],
  'border-spacing': [lengths],
  'border-radius': [lengths],
  ...Object.fromEntries(
    ['margin', 'padding'].flatMap((box) => [
      [box, [lengths]],
      ...['top', 'right', 'bottom', 'left'].map((side) => [`${box}-${side}`, [size]]),
    ]),
  ),
  ...Object.fromEntries(['width', 'height', 'max-width', 'max-height', 'min-width'].map((name) => [name, [size]])),
  ...Object.fromEntries(
    ['border', 'border-top', 'border-right', 'border-bottom', 'border-left', 'border-color', 'border-style', 'border-width'].map((name) => [
      name,
      [border],
    ]),
  ),
};

/** Dropped with everything in them. */
const unreadable = new Set(
  'script style template noscript svg math iframe object embed xmp title textarea option noembed noframes'.split(' '),
);

const table = ['width', 'height', 'align', 'valign', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'colspan', 'rowspan'];

const rules: sanitizeHtml.IOptions = {
  allowedTags: (
    'a abbr b blockquote br caption center cite code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp ' +
    'small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr address article section header footer main'
  ).split(' '),
  allowedAttributes: {
    '*': ['style', 'dir', 'lang', 'align', 'title', 'data-quote'],
    a: ['href', 'target', 'rel'],
    img: ['src', 'alt', 'width', 'height', 'data-remote-src'],
    table,
    tr: table,
    td: table,
    th: table,
    tbody: table,
    thead: table,
    tfoot: table,
    col: table,
    colgroup: table,
    ol: ['start', 'type'],
    font: ['color', 'face', 'size'],
  },
  allowedStyles: { '*': styles },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['http', 'https', 'data', 'cid'] },
  allowProtocolRelative: false,
  nonTextTags: [...unreadable, 'plaintext'],
  nestingLimit: 200,
  parseStyleAttributes: true,
};

const maxStyle = 2000;

function shortenStyle(element: HtmlElement): void {
  const { style } = element.attributes;
  if (style !== undefined && style.length > maxStyle) setAttribute(element, 'style', style.slice(0, style.lastIndexOf(';', maxStyle) + 1));
}

/** A title that reads like a handler only exists to become one when the page is read in another charset. */
function dropHandlerText(element: HtmlElement): void {
  for (const name of ['alt', 'title'])
    if (/\bon[a-z]{3,20}\s{0,3}=/i.test(element.attributes[name] ?? '')) setAttribute(element, name, undefined);
}

/** Every link opens apart, without a referrer; a text that names another host than the target gets the real one beside it. */
function prepareLink(link: HtmlElement): void {
  const target = (link.attributes['href'] ?? '').replace(/[\p{Cc}\s]/gu, '');
  const isSafe = /^(?:https?:\/\/|mailto:|tel:)/i.test(target);
  setAttribute(link, 'href', isSafe ? target : undefined);
  setAttribute(link, 'target', '_blank');
  setAttribute(link, 'rel', 'noopener noreferrer nofollow');
  const real = placeOf(target);
  // What was cleaned before has it already.
  if (real !== undefined && isMasked(openingText(link), real) && !textOf(link).endsWith(` [${real}]`))
    link.children.push({ kind: 'text', text: ` [${real}]`, parent: link });
}

function openingText(element: HtmlElement): string {
  let text = '';
  for (const node of walk(element)) {
    if (node.kind === 'text') text += node.text;
    if (text.length > 300) break;
  }
  return text.slice(0, 300);
}

/** Where a link leads, as browsers read it: a host, or the address of a mail. */
function placeOf(target: string): string | undefined {
  if (/^mailto:/i.test(target)) return decodePercent(target.slice('mailto:'.length).split('?')[0] ?? '');
  return /^https?:/i.test(target) ? hostOf(target) : undefined;
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

const host = String.raw`(?:[\p{L}\p{N}-]{1,63}\.){1,8}(?:xn--[a-z\d-]{2,59}|\p{L}{2,24})|\d{1,3}(?:\.\d{1,3}){3}`;
// What stands before the @ of an address is no host, unless it is dressed up as the one of a URL.
const localPart = /(?<![^\s(<["',;:])(?!https?:)[^\s@<>"/]{1,64}@/giu;
const namedHosts = new RegExp(String.raw`(?:^|https?://|(?=\bwww\.))(${host})(?![\p{L}\p{N}-])`, 'giu');

/** Whether the text of a link names another host than the one it leads to; what cannot be seen hides none. */
function isMasked(text: string, place: string): boolean {
  const real = place.slice(place.lastIndexOf('@') + 1).toLowerCase();
  const named = [
    ...text
      .replaceAll(/\p{Cf}/gu, '')
      .replaceAll(localPart, ' ')
      .trim()
      .matchAll(namedHosts),
  ].map(([, name = '']) => hostOf(`http://${name}`));
  return named.some((one) => one !== undefined && !sameSite(real, one));
}

function sameSite(one: string, other: string): boolean {
  const [a, b] = [one.replace(/^www\./, ''), other.replace(/^www\./, '')];
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

class ImageRules {
  blocked = 0;
  readonly cids = new Set<string>();
  private readonly options: SanitizeOptions;

  constructor(options: SanitizeOptions) {
    this.options = options;
  }

  prepare(image: HtmlElement): void {
    // What was held back before still is.
    const source = (image.attributes['src'] ?? image.attributes['data-remote-src'] ?? '').trim();
    for (const name of ['src', 'data-remote-src', 'srcset']) setAttribute(image, name, undefined);
    if (/^cid:/i.test(source)) this.useInline(image, source.slice(4));
    else if (/^data:image\/(?:png|gif|jpe?g|webp);base64,/i.test(source)) setAttribute(image, 'src', source);
    else if (/^https?:\/\//i.test(source) && !isTracker(image)) this.useRemote(image, source);
  }

  private useInline(image: HtmlElement, written: string): void {
    const contentId = decodePercent(written).trim().replace(/^<|>$/g, '').toLowerCase();
    const url = this.options.cidUrl(contentId);
    if (url === undefined) return;
    this.cids.add(contentId);
    setAttribute(image, 'src', url);
  }

  private useRemote(image: HtmlElement, source: string): void {
    if (!this.options.allowRemoteImages) this.blocked += 1;
    if (this.options.allowRemoteImages) setAttribute(image, 'src', this.options.remoteUrl?.(source) ?? source);
    else setAttribute(image, 'data-remote-src', source);
  }
}

const pixel = /^\s*[012](?:\.\d*)?(?:px)?\s*$/;

/** Images of a pixel, or hidden ones, only report that the mail was opened, so they stay away even when images are allowed (mail.md S4). */
function isTracker({ attributes }: HtmlElement): boolean {
  const sides = (['width', 'height'] as const).map((side) => {
    const styled = new RegExp(`(?:^|;)\\s*(?:max-)?${side}\\s*:([^;]*)`, 'i').exec(attributes['style'] ?? '')?.[1];
    return [styled?.replace(/!important/i, ''), attributes[side]].filter((value) => value !== undefined);
  });
  if (/(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attributes['style'] ?? '')) return true;
  // A thin line is drawn with one small side; an image that names no other is none.
  const small = sides.map((values) => values.some((value) => pixel.test(value)));
  return small.some(Boolean) && sides.every((values, at) => small[at] === true || values.length === 0);
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
