import { isAttribution, isForwardMark, isOriginalMark, opensAttribution } from './quoting-marks.ts';
import { walk, type HtmlElement, type HtmlNode } from '@helpdesk/core/plugin';

// By what mail programs mark a quote in HTML (mail.md R3). Each look at an element is bounded, whatever it holds.

/** Elements that hold what they quote. */
const quoteClass =
  /(?:^|\s)(?:x_)*(?:gmail_quote(?:_container)?|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|helpdesk-quote|WordSection1-quote)(?:\s|$)/;
const quoteId = /^(?:x_)*(?:mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|helpdesk-quote)$/;
/** The line above a quote. */
const attributionClass = /(?:^|\s)(?:x_)*(?:moz-cite-prefix|gmail_attr)(?:\s|$)/;
const attributionId = /^(?:x_)*reply-intro$/;
/** What Outlook puts above a quote that has no element of its own. */
const headerClass = /(?:^|\s)(?:x_)*OutlookMessageHeader(?:\s|$)/;
const headerId = /^(?:x_)*(?:appendonsend|divRplyFwdMsg|ms-outlook-mobile-body-separator-line)$/;
const outlookRule = /(?:^|;)\s{0,9}border-top\s{0,3}:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)\s{1,3}1\.0pt/i;

/** True for an element that its mail program named a quote; what it holds may still be answered inside. */
export function isNamedQuote({ attributes }: HtmlElement): boolean {
  return (
    attributes['data-helpdesk-quote'] !== undefined || quoteClass.test(attributes['class'] ?? '') || quoteId.test(attributes['id'] ?? '')
  );
}

/** True for a blockquote that says it cites; without an attribution anywhere a text can have one, too. */
export function isCitation({ name, attributes }: HtmlElement): boolean {
  return name === 'blockquote' && attributes['type']?.toLowerCase() === 'cite';
}

export function isAttributionLine({ attributes }: HtmlElement): boolean {
  return attributionClass.test(attributes['class'] ?? '') || attributionId.test(attributes['id'] ?? '');
}

/** True for what Outlook puts above a quote: where that ends nobody can tell. */
export function isHeader({ name, attributes }: HtmlElement): boolean {
  if (headerClass.test(attributes['class'] ?? '') || headerId.test(attributes['id'] ?? '')) return true;
  return name === 'div' && outlookRule.test(attributes['style'] ?? '');
}

/** True when the words of a node begin with the line above a forwarded message, which is content and not a quote. */
export function startsForward(start: HtmlNode): boolean {
  const opening = /^.{0,20}?(?:-{3,}|begin)[^-:]{1,60}(?:-{3,}|:)/i.exec(shortText(start))?.[0] ?? '';
  return isForwardMark(opening) && !isOriginalMark(opening);
}

/** Apple Mail writes the attribution into its quote. */
export function opensWithAttribution(quote: HtmlElement): boolean {
  const opening = quote.children.find((child) => shortText(child) !== '');
  return opening !== undefined && isAttribution(shortText(opening));
}

/**
 * The words of an element down to its first blockquote, when they are an attribution or nothing: beside that blockquote its
 * sender may have answered. Undefined for an element that quotes without one.
 */
export function leadInside(quote: HtmlElement): readonly HtmlNode[] | undefined {
  const lead: HtmlNode[] = [];
  let seen = 0;
  for (const node of walk(quote)) {
    seen += 1;
    if (seen > longestLead) return undefined;
    if (node.kind === 'text') {
      if (node.text.trim() !== '') lead.push(node);
    } else if (node.name === 'blockquote') {
      const isLead = lead.every((word) => isBelowAttribution(word, quote)) || isAttribution(wordsOf(lead));
      return isLead ? lead : undefined;
    }
  }
  return undefined;
}

/** Its program named the line, in whatever language it is. */
function isBelowAttribution(node: HtmlNode, within: HtmlElement): boolean {
  for (let at = node.parent; at && at !== within; at = at.parent) if (isAttributionLine(at)) return true;
  return false;
}

/** Where a node stands: a place among the children of its parent. */
export interface Place {
  readonly siblings: readonly HtmlNode[];
  readonly index: number;
}

const levelsAbove = 4;

/** The line above a quote, whose places from the root down are given, when it is an attribution. */
export function leadAbove(places: readonly Place[]): readonly HtmlNode[] | undefined {
  for (const place of places.slice(-levelsAbove).toReversed()) {
    const above = filledBefore(place);
    if (above !== undefined) return attributionAt(above);
  }
  return undefined;
}

/** The ruler right above a node. */
export function rulerAbove({ siblings, index }: Place): HtmlElement | undefined {
  const above = siblings.slice(Math.max(0, index - 3), index).findLast((node) => node.kind === 'element' || node.text.trim() !== '');
  return above?.kind === 'element' && above.name === 'hr' ? above : undefined;
}

const longestLead = 64;
const inline = new Set('a abbr b bdi bdo code em font i mark small span strong sub sup time u'.split(' '));
const maxBlanks = 8;

function filledBefore({ siblings, index }: Place): Place | undefined {
  const end = Math.max(0, index - maxBlanks);
  for (let at = index - 1; at >= end; at -= 1) if (shortText(siblings[at]) !== '') return { siblings, index: at };
  return undefined;
}

/** The attribution that ends at a place; words above it in the same element are the sender's own. */
function attributionAt(end: Place): readonly HtmlNode[] | undefined {
  const line = lastLine(end);
  if (isAttribution(wordsOf(line))) return line;
  const node = end.siblings[end.index];
  // It may run over several lines, as long as nothing of the sender stands before it.
  const words = shortText(node);
  return node !== undefined && opensAttribution(words) && isAttribution(words) ? [node] : undefined;
}

/** The nodes of the last line that ends at a place: of inline elements side by side, or inside of a block. */
function lastLine({ siblings, index }: Place): readonly HtmlNode[] {
  const last = siblings[index];
  if (last?.kind === 'element' && !inline.has(last.name)) {
    const inner = filledBefore({ siblings: last.children, index: last.children.length });
    const line = inner === undefined ? [last] : lastLine(inner);
    return wordsOf(line) === wordsOf([last]) ? [last] : line;
  }
  const line: HtmlNode[] = [];
  for (let at = index; at >= 0 && line.length < longestLead; at -= 1) {
    const node = siblings[at];
    if (node === undefined || (node.kind === 'element' && !inline.has(node.name))) break;
    line.unshift(node);
  }
  return line;
}

function wordsOf(nodes: readonly HtmlNode[]): string {
  return nodes
    .map((node) => (node.kind === 'text' ? node.text : shortText(node)))
    .join('')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
}

const mostNodes = 1000;

/** The beginning of the words of a node on one line. */
function shortText(node: HtmlNode | undefined): string {
  let text = '';
  if (node?.kind === 'text') text = node.text;
  else if (node !== undefined) {
    let seen = 0;
    for (const child of walk(node)) {
      seen += 1;
      if (child.kind === 'text') text += child.text;
      if (text.length > 700 || seen > mostNodes) break;
    }
  }
  return text
    .trimStart()
    .slice(0, 4000)
    .replace(/[\s\u00a0]+/g, ' ')
    .trim()
    .slice(0, 700);
}
