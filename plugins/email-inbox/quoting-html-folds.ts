import { refuseLate, type Budget } from './quoting-budget.ts';
import {
  isAttributionLine,
  isCitation,
  isHeader,
  isNamedQuote,
  leadAbove,
  leadInside,
  opensWithAttribution,
  rulerAbove,
  startsForward,
  type Place,
} from './quoting-html-marks.ts';
import { isSignatureMark } from './quoting-marks.ts';
import type { HtmlElement, HtmlNode } from '@helpdesk/core/plugin';

/** What a mail marks as quoted. */
export interface Quotes {
  /** Where its quoted history begins, with the attribution or ruler above. */
  readonly start: HtmlNode;
  /** `header` when nobody can tell where the history ends, `forward` when it is none. */
  readonly kind: 'quote' | 'header' | 'forward';
  /** The quotes and the lines above them, none inside of another. */
  readonly nodes: ReadonlySet<HtmlNode>;
}

/** Finds the quotes of a mail in one pass; undefined when nothing marks one. A bare blockquote is none. */
export function findQuotes(tree: HtmlElement, budget: Budget): Quotes | undefined {
  const nodes = new Set<HtmlNode>();
  const places: Place[] = [];
  let first: Pick<Quotes, 'start' | 'kind'> | undefined;
  let count = 0;

  const begin = (kind: Quotes['kind'], node: HtmlElement, lead?: readonly HtmlNode[]): void => {
    const place = places.at(-1);
    first ??= { kind, start: lead?.[0] ?? (place && rulerAbove(place)) ?? node };
  };

  const lookAt = (element: HtmlElement, isOpened: boolean): void => {
    if (nodes.has(element)) return;
    if (isHeader(element)) begin('header', element);
    else if (isAttributionLine(element)) {
      begin('quote', element);
      nodes.add(element);
      const below = elementBelow(places.at(-1));
      if (below?.name === 'blockquote') nodes.add(below);
    } else if (isNamedQuote(element) || isCitation(element) || (isOpened && element.name === 'blockquote')) lookAtQuote(element, isOpened);
    else visit(element, isOpened);
  };

  const lookAtQuote = (element: HtmlElement, isOpened: boolean): void => {
    refuseLate(budget);
    if (element.name !== 'blockquote') return lookAtContainer(element);
    const lead = leadAbove(places);
    const isMark = first !== undefined || isNamedQuote(element) || lead !== undefined || opensWithAttribution(element);
    if (!isMark) return visit(element, isOpened);
    begin('quote', element, lead);
    for (const node of [...(lead ?? []), element]) nodes.add(node);
  };

  const lookAtContainer = (element: HtmlElement): void => {
    if (startsForward(element)) return begin('forward', element);
    begin('quote', element);
    const lead = leadInside(element);
    if (lead === undefined) nodes.add(element);
    else {
      for (const node of lead) nodes.add(node);
      visit(element, true);
    }
  };

  const visit = (parent: HtmlElement, isOpened: boolean): void => {
    parent.children.forEach((child, index) => {
      if (child.kind === 'text') return;
      count += 1;
      if (count % 256 === 0) refuseLate(budget);
      places.push({ siblings: parent.children, index });
      lookAt(child, isOpened);
      places.pop();
    });
  };

  visit(tree, false);
  return first && { ...first, nodes };
}

function elementBelow(place: Place | undefined): HtmlElement | undefined {
  return place?.siblings
    .slice(place.index + 1, place.index + 5)
    .find((node): node is HtmlElement => node.kind === 'element' && node.name !== 'br');
}

/** Neighboring quotes with nothing but space between them: the children of an element from one place to another. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

export interface Runs {
  readonly byParent: ReadonlyMap<HtmlElement, readonly Run[]>;
  /** Whether the sender wrote below or between the quotes; a signature is no answer. */
  readonly isAnswered: boolean;
}

type Kind = 'quoted' | 'own' | 'blank';

const hasNoWords = new Set(['style', 'script', 'title']);
/** Of a table or list nothing can be taken into an element of its own but what stands in its cells and items. */
const cells = new Set(['td', 'th', 'caption', 'li', 'dt', 'dd']);
const grids = new Set(['table', 'thead', 'tbody', 'tfoot', 'tr', 'colgroup', 'ul', 'ol', 'dl']);

/** Joins quotes to the largest runs that hold no word or picture of the sender's. */
export function findRuns(tree: HtmlElement, quotes: ReadonlySet<HtmlNode>): Runs {
  const byParent = new Map<HtmlElement, readonly Run[]>();
  let isPast = false;
  let isSigned = false;
  let isAnswered = false;

  const readText = (text: string): Kind => {
    if (isPast && isSignatureMark(text)) isSigned = true;
    else if (isPast && !isSigned && /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(text)) isAnswered = true;
    return text.trim() === '' ? 'blank' : 'own';
  };

  const read = (node: HtmlNode): Kind => {
    if (quotes.has(node)) {
      isPast = true;
      isSigned = false;
      return node.kind === 'element' && cells.has(node.name) ? foldInside(node) : 'quoted';
    }
    if (node.kind === 'text') return readText(node.text);
    if (hasNoWords.has(node.name)) return 'blank';
    return node.name === 'img' ? 'own' : readChildren(node);
  };

  const readChildren = (element: HtmlElement): Kind => {
    const before = isAnswered;
    const kinds = element.children.map(read);
    // What Outlook puts above a quote is no answer, and yet it stays where it is.
    if (isHeader(element)) isAnswered = before;
    if (!kinds.includes('quoted')) return kinds.includes('own') ? 'own' : 'blank';
    if (grids.has(element.name)) return 'own';
    if (kinds.includes('own')) {
      byParent.set(element, runsOf(kinds));
      return 'own';
    }
    return cells.has(element.name) ? foldInside(element) : 'quoted';
  };

  const foldInside = (element: HtmlElement): Kind => {
    byParent.set(element, [{ from: 0, to: element.children.length - 1 }]);
    return 'own';
  };

  readChildren(tree);
  return { byParent, isAnswered };
}

function runsOf(kinds: readonly Kind[]): readonly Run[] {
  const runs: { from: number; to: number }[] = [];
  let open: { from: number; to: number } | undefined;
  kinds.forEach((kind, at) => {
    if (kind === 'own') open = undefined;
    else if (kind === 'quoted' && open !== undefined) open.to = at;
    else if (kind === 'quoted') runs.push((open = { from: at, to: at }));
  });
  return runs;
}
