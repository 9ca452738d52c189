import { escapeHtml, readHtmlTree, setAttribute, textOf, withoutElements, type HtmlElement, type HtmlNode } from '../html/index.ts';
import type { Translator } from '../i18n/index.ts';
import { createIcons } from '../ui/icon.ts';

// The frame of a mail loads no sprite and runs no script, so the icon is drawn in place and `<details>` opens by itself.
const dots = createIcons({ lenient: true }).icon('ellipsis');

/** What is seen of a message before a fold is opened: all of one that is nothing but history. */
export function openPart(tree: HtmlElement): HtmlElement {
  const open = withoutElements(tree, isFold);
  return textOf(open).trim() === '' ? tree : open;
}

/** Closes what is quoted in a tree behind "…", where it stands. The tree was cleaned: what this adds would not pass. */
export function closeFolds(tree: HtmlElement, { t, locale }: Pick<Translator, 't' | 'locale'>): void {
  if (openPart(tree) === tree) return;
  const label = escapeHtml(t('ticket.quote'));
  const summary = `<summary lang="${escapeHtml(locale)}" aria-label="${label}" title="${label}">${dots}</summary>`;
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
