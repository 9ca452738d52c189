import {
  escapeHtml,
  holdsPicture,
  textWithLinks,
  readHtmlTree,
  setAttribute,
  textOf,
  walk,
  withoutElements,
  type HtmlElement,
  type HtmlNode,
} from '../html/index.ts';
import type { Translator } from '../i18n/index.ts';
import { createIcons } from '../ui/icon.ts';
import type { Folds } from './types.ts';

// The frame of a mail loads no sprite and runs no script, so the icon is drawn in place and `<details>` opens by itself.
const dots = createIcons({ lenient: true }).icon('ellipsis');
// Somebody answers a few questions of a mail; a mail with thousands of quotes is made to be a large page.
const maxFolds = 200;

type Words = Pick<Translator, 't' | 'locale'>;
type Range = readonly [start: number, end: number];

/** What is seen of a message before a fold is opened: all of one that is nothing but history. */
export function openPart(tree: HtmlElement): HtmlElement {
  const open = withoutElements(tree, isFold);
  return textOf(open).trim() === '' && !holdsPicture(open) ? tree : open;
}

/** A plain text as HTML, each of its quotes and the signature closed where it stands, unless nothing else is in it. */
export function foldText(text: string, folds: Folds, translator: Words): string {
  const ranges = joined(text, [...(folds.quotes ?? []), ...(folds.signature === undefined ? [] : [folds.signature])]);
  if (ranges.length > maxFolds || isAll(text, ranges)) return linesOf(text);
  const summary = summaryOf(translator);
  const show = (from: number, to: number): string => {
    const open = text.slice(from, to);
    return open.trim() === '' ? '' : linesOf(open.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd());
  };
  const starts = [0, ...ranges.map(([, to]) => to)];
  const parts = ranges.map(
    ([from, to], at) =>
      `${show(starts[at] ?? 0, from)}<details class="quote">${summary}<div dir="auto">${linesOf(text.slice(from, to).trim())}</div></details>`,
  );
  return `${parts.join('')}${show(starts.at(-1) ?? 0, text.length)}`;
}

/** Closes what is quoted in a tree behind "…", where it stands. The tree was cleaned: what this adds would not pass. */
export function closeFolds(tree: HtmlElement, translator: Words): void {
  if (openPart(tree) === tree || countFolds(tree) > maxFolds) return;
  const summary = readHtmlTree(summaryOf(translator)).children;
  const close = (element: HtmlElement): void => {
    const children = element.children.map((child) => (isFold(child) ? detailsOf(child, summary) : child));
    element.children.length = 0;
    for (const child of children) {
      element.children.push(child);
      if (child.kind === 'element' && child.name !== 'details') close(child);
    }
  };
  close(tree);
}

function detailsOf(fold: HtmlElement, summary: readonly HtmlNode[]): HtmlElement {
  setAttribute(fold, 'data-quote', undefined);
  setAttribute(fold, 'dir', fold.attributes['dir'] ?? 'auto');
  return { ...fold, name: 'details', attributes: { class: 'quote' }, children: [...summary, fold] };
}

function summaryOf({ t, locale }: Words): string {
  const label = escapeHtml(t('ticket.quote'));
  return `<summary lang="${escapeHtml(locale)}" aria-label="${label}" title="${label}">${dots}</summary>`;
}

function isFold(node: HtmlNode): node is HtmlElement {
  return node.kind === 'element' && node.attributes['data-quote'] !== undefined;
}

function countFolds(tree: HtmlElement): number {
  let count = 0;
  for (const node of walk(tree)) if (isFold(node)) count += 1;
  return count;
}

function linesOf(text: string): string {
  return `<div class="prose__text">${textWithLinks(text)}</div>`;
}

/** Ranges in order; those that only blank space parts are one. */
function joined(text: string, ranges: readonly Range[]): readonly Range[] {
  const found: [number, number][] = [];
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const last = found.at(-1);
    if (last !== undefined && text.slice(last[1], start).trim() === '') last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

function isAll(text: string, [only, another]: readonly Range[]): boolean {
  return only !== undefined && another === undefined && text.slice(0, only[0]).trim() === '' && text.slice(only[1]).trim() === '';
}
