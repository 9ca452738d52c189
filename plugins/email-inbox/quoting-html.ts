import { refuseLate, type Budget } from './quoting-budget.ts';
import { findQuotes, findRuns, type Run, type Runs } from './quoting-html-folds.ts';
import { fewestVisible, visibleLength } from './quoting-marks.ts';
import { holdsPicture, readHtmlTree, serialize, textOf, withoutElements, type HtmlElement, type HtmlNode } from '@helpdesk/core/plugin';

const maxHtml = 5 * 1024 * 1024;

export interface HtmlFolding {
  /** The value of `data-quote`; one that nobody can guess tells these marks from those that a mail brings. */
  readonly foldKey: string;
  /** When to stop. */
  readonly budget: Budget;
}

/**
 * Puts what an HTML mail quotes into `<div data-quote>`, where its mail program marks it (mail.md R3): from the first mark to
 * the end, or, where the sender answered below or between, each quote in its place (R2). Every word stays, in order; nothing
 * is folded when no mark is found or when nothing visible would be left.
 */
export function foldHtml(html: string, { foldKey, budget }: HtmlFolding): string {
  if (html.length > maxHtml) return html;
  const tree = readHtmlTree(html);
  refuseLate(budget);
  const quotes = findQuotes(tree, budget);
  if (quotes === undefined || quotes.kind === 'forward') return html;
  const runs = quotes.kind === 'header' ? undefined : findRuns(tree, quotes.nodes);
  refuseLate(budget);
  const fold: Fold = (children) => ({ ...tree, name: 'div', attributes: { 'data-quote': foldKey }, children: [...children] });
  const folded = runs?.isAnswered === true ? inPlace(tree, runs, fold) : atEnd(tree, quotes.start, fold);
  const own = withoutElements(folded, ({ attributes }) => attributes['data-quote'] === foldKey);
  return visibleLength(textOf(own)) < fewestVisible && !holdsPicture(own) ? html : serialize(folded);
}

type Fold = (children: readonly HtmlNode[]) => HtmlElement;

function inPlace(tree: HtmlElement, { byParent }: Runs, fold: Fold): HtmlElement {
  for (const [{ children }, runs] of byParent) {
    const whole = [...children];
    children.length = 0;
    for (const part of partsOf(whole, runs, fold)) children.push(part);
  }
  return tree;
}

function* partsOf(children: readonly HtmlNode[], runs: readonly Run[], fold: Fold): Generator<HtmlNode> {
  let at = 0;
  for (const { from, to } of runs) {
    yield* children.slice(at, from);
    yield fold(children.slice(from, to + 1));
    at = to + 1;
  }
  yield* children.slice(at);
}

/** What stands before a node, and below it that node and all that follows in one fold. */
function atEnd(tree: HtmlElement, start: HtmlNode, fold: Fold): HtmlElement {
  const [before, after] = divide(tree, start);
  return { ...before, children: [...before.children, fold(after.children)] };
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
