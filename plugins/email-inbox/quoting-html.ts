import { refuseLate } from './quoting-budget.ts';
import { isAttribution, isForwardMark, isOriginalMark, isSignatureMark, visibleLength } from './quoting-marks.ts';
import { readHtmlTree, serialize, textOf, walk, type HtmlElement, type HtmlNode } from '@helpdesk/core/plugin';

const maxHtml = 5 * 1024 * 1024;

/**
 * Cuts the quoted history off an HTML mail at the first element by which a mail program marks it (mail.md R3).
 * `quoteHtml` is undefined when no mark is found or when nothing visible would be left; a bare blockquote is no mark.
 */
export function splitHtml(
  html: string | undefined,
  until = Number.POSITIVE_INFINITY,
): { readonly replyHtml: string | undefined; readonly quoteHtml: string | undefined } {
  const whole = { replyHtml: html, quoteHtml: undefined };
  if (html === undefined || html.length > maxHtml) return whole;
  const tree = readHtmlTree(html);
  refuseLate(until);
  const mark = findMark(tree, until);
  if (mark === undefined) return whole;
  const start = withLead(mark);
  if (hasOwnTextAfter(mark, tree) || startsForward(start)) return whole;

  const [before, after] = divide(tree, start);
  return visibleLength(textOf(before)) < 2 && !holdsImage(before) ? whole : { replyHtml: serialize(before), quoteHtml: serialize(after) };
}

function findMark(tree: HtmlElement, until: number): HtmlElement | undefined {
  let count = 0;
  for (const node of walk(tree)) {
    count += 1;
    if (count % 256 === 0) refuseLate(until);
    if (node.kind === 'element' && isMark(node)) return node;
  }
  return undefined;
}

/** Elements that hold what they quote. */
const quoteClass =
  /(?:^|\s)(?:x_)*(?:gmail_quote(?:_container)?|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|helpdesk-quote|WordSection1-quote)(?:\s|$)/;
const quoteId = /^(?:x_)*(?:mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|helpdesk-quote)$/;
/** The line above a quote. */
const attributionClass = /(?:^|\s)(?:x_)*moz-cite-prefix(?:\s|$)/;
const attributionId = /^(?:x_)*reply-intro$/;
/** What Outlook puts above a quote that has no element of its own. */
const headerClass = /(?:^|\s)(?:x_)*OutlookMessageHeader(?:\s|$)/;
const headerId = /^(?:x_)*(?:appendonsend|divRplyFwdMsg|ms-outlook-mobile-body-separator-line)$/;
const outlookRule = /(?:^|;)\s{0,9}border-top\s{0,3}:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)\s{1,3}1\.0pt/i;

function isMark(element: HtmlElement): boolean {
  return isQuote(element) || isAttributionLine(element) || isHeader(element);
}

function isQuote(element: HtmlElement): boolean {
  const { attributes } = element;
  if (attributes['data-helpdesk-quote'] !== undefined) return true;
  if (quoteClass.test(attributes['class'] ?? '') || quoteId.test(attributes['id'] ?? '')) return true;
  return isCitation(element) && leadOf(element) !== undefined;
}

function isCitation({ name, attributes }: HtmlElement): boolean {
  return name === 'blockquote' && attributes['type']?.toLowerCase() === 'cite';
}

function isAttributionLine({ attributes }: HtmlElement): boolean {
  return attributionClass.test(attributes['class'] ?? '') || attributionId.test(attributes['id'] ?? '');
}

function isHeader({ name, attributes }: HtmlElement): boolean {
  if (headerClass.test(attributes['class'] ?? '') || headerId.test(attributes['id'] ?? '')) return true;
  return name === 'div' && outlookRule.test(attributes['style'] ?? '');
}

/** The attribution of a quote, or the quote itself when it begins with one, as Apple Mail writes it. */
function leadOf(quote: HtmlElement): HtmlNode | undefined {
  const before = attributionBefore(quote);
  if (before !== undefined) return before;
  const opening = quote.children.find((child) => shortText(child) !== '');
  return opening !== undefined && isAttribution(shortText(opening)) ? quote : undefined;
}

/** The node before a quote, or beside its ancestors, when its words are an attribution. */
function attributionBefore(quote: HtmlElement): HtmlNode | undefined {
  for (let node: HtmlElement = quote, rounds = 0; node.parent && rounds < 4; node = node.parent, rounds += 1) {
    const siblings = node.parent.children;
    const place = siblings.indexOf(node);
    for (let index = place - 1; index >= Math.max(0, place - 4); index -= 1) {
      const sibling = siblings[index];
      const words = sibling ? shortText(sibling) : '';
      if (words === '') continue;
      return sibling && isAttribution(words) ? sibling : undefined;
    }
    const first = node.children[0];
    if (node !== quote && first && first.kind === 'text' && isAttribution(shortText(first))) return first;
  }
  return undefined;
}

function shortText(node: HtmlNode): string {
  let text = '';
  if (node.kind === 'text') text = node.text;
  else
    for (const child of walk(node)) {
      if (child.kind === 'text') text += child.text;
      if (text.length > 700) break;
    }
  return text
    .replace(/[\s\u00a0]+/g, ' ')
    .trim()
    .slice(0, 700);
}

/** The attribution or ruler above a mark belongs to the quote. */
function withLead(mark: HtmlElement): HtmlNode {
  const attribution = mark.name === 'blockquote' ? leadOf(mark) : undefined;
  if (attribution) return attribution;
  const siblings = mark.parent?.children ?? [];
  for (let index = siblings.indexOf(mark) - 1, seen = 0; index >= 0 && seen < 3; index -= 1, seen += 1) {
    const sibling = siblings[index];
    if (!sibling || (sibling.kind === 'text' && sibling.text.trim() === '')) continue;
    return sibling.kind === 'element' && sibling.name === 'hr' ? sibling : mark;
  }
  return mark;
}

function startsForward(start: HtmlNode): boolean {
  const words = shortText(start);
  const opening = /^.{0,20}?(?:-{3,}|begin)[^-:]{1,60}(?:-{3,}|:)/i.exec(words)?.[0] ?? '';
  return isForwardMark(opening) && !isOriginalMark(opening);
}

/**
 * Words below the quote mean that the sender answered under or between it; then nothing is cut (mail.md R2). Below a header
 * of Outlook nobody can tell an answer from the quote.
 */
function hasOwnTextAfter(mark: HtmlElement, tree: HtmlElement): boolean {
  const quoted = isAttributionLine(mark) ? elementAfter(mark) : isHeader(mark) ? undefined : mark;
  if (quoted === undefined) return false;
  let isPast = false;
  const look = (element: HtmlElement): 'answer' | 'signature' | undefined => {
    for (const child of element.children) {
      if (child === quoted) isPast = true;
      else if (child.kind === 'text') {
        if (isPast && isSignatureMark(child.text)) return 'signature';
        if (isPast && /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(child.text)) return 'answer';
      } else if (!isPast || !(hasNoWords.test(child.name) || isCitation(child) || isMark(child))) {
        const found = look(child);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return look(tree) === 'answer';
}

const hasNoWords = /^(?:style|script|title)$/;

function elementAfter(element: HtmlElement): HtmlElement | undefined {
  const siblings = element.parent?.children ?? [];
  return siblings.slice(siblings.indexOf(element) + 1).find((node): node is HtmlElement => node.kind === 'element' && node.name !== 'br');
}

function holdsImage(element: HtmlElement): boolean {
  for (const node of walk(element)) if (node.kind === 'element' && node.name === 'img') return true;
  return false;
}

/** Two copies of the tree: what stands before a node, and the node with all that follows, each inside the same ancestors. */
function divide(tree: HtmlElement, start: HtmlNode): [HtmlElement, HtmlElement] {
  const path = new Set<HtmlNode>();
  for (let at: HtmlNode | undefined = start; at; at = at.parent) path.add(at);
  const copy = (element: HtmlElement): [HtmlElement, HtmlElement] => {
    const before: HtmlElement = { ...element, children: [] };
    const after: HtmlElement = { ...element, children: [] };
    let isPast = false;
    for (const child of element.children) {
      if (child === start) isPast = true;
      if (child !== start && path.has(child) && child.kind === 'element') {
        const [head, tail] = copy(child);
        before.children.push(head);
        after.children.push(tail);
        isPast = true;
      } else {
        (isPast ? after : before).children.push(child);
      }
    }
    return [before, after];
  };
  return copy(tree);
}
