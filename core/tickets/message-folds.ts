import {
  escapeHtml,
  textWithLinks,
  readHtmlTree,
  setAttribute,
  textOf,
  withoutElements,
  type HtmlElement,
  type HtmlNode,
} from '../html/index.ts';
import type { Translator } from '../i18n/index.ts';
import { createIcons } from '../ui/icon.ts';
import type { Folds } from './types.ts';

// The frame of a mail loads no sprite and runs no script, so the icon is drawn in place and `<details>` opens by itself.
const dots = createIcons({ lenient: true }).icon('ellipsis');

/** What is seen of a message before a fold is opened: all of one that is nothing but history. */
export function openPart(tree: HtmlElement): HtmlElement {
  const open = withoutElements(tree, isFold);
  return textOf(open).trim() === '' ? tree : open;
}

/** What is quoted behind "…", its HTML given. */
function foldOf(html: string, summary: string): string {
  return `<details class="quote">${summary}<div dir="auto">${html}</div></details>`;
}

function summaryOf({ t, locale }: Pick<Translator, 't' | 'locale'>): string {
  const label = escapeHtml(t('ticket.quote'));
  return `<summary lang="${escapeHtml(locale)}" aria-label="${label}" title="${label}">${dots}</summary>`;
}

/** A plain text as HTML, each of its quotes and the signature closed where it stands, unless nothing else is in it. */
export function foldText(text: string, folds: Folds, translator: Pick<Translator, 't' | 'locale'>): string {
  const ranges = joined(text, [...(folds.quotes ?? []), ...(folds.signature === undefined ? [] : [folds.signature])]);
  const summary = summaryOf(translator);
  let html = '';
  let isAllFolded = true;
  let end = 0;
  const show = (from: number, to: number): void => {
    const open = text.slice(from, to);
    if (open.trim() === '') return;
    html += linesOf(open.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd());
    isAllFolded = false;
  };
  for (const [from, to] of ranges) {
    show(end, from);
    html += foldOf(linesOf(text.slice(from, to).trim()), summary);
    end = to;
  }
  show(end, text.length);
  return isAllFolded ? linesOf(text) : html;
}

function linesOf(text: string): string {
  return `<div class="prose__text">${textWithLinks(text)}</div>`;
}

/** Ranges in order; those that only blank space parts are one. */
function joined(text: string, ranges: readonly (readonly [start: number, end: number])[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const last = found.at(-1);
    if (last !== undefined && text.slice(last[1], start).trim() === '') last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

/** Closes what is quoted in a tree behind "…", where it stands. The tree was cleaned: what this adds would not pass. */
export function closeFolds(tree: HtmlElement, translator: Pick<Translator, 't' | 'locale'>): void {
  if (openPart(tree) === tree) return;
  const summary = summaryOf(translator);
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

function isFold(node: HtmlNode): node is HtmlElement {
  return node.kind === 'element' && node.attributes['data-quote'] !== undefined;
}

function detailsOf(fold: HtmlElement, summary: string): HtmlElement {
  setAttribute(fold, 'data-quote', undefined);
  return { ...fold, name: 'details', attributes: { class: 'quote' }, children: [...readHtmlTree(summary).children, fold] };
}
