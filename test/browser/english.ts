import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

type Catalog = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

// Built tests lie in test/dist/browser.
const root = path.resolve(import.meta.dirname, '../../..');
export const coreCatalogs = ['core/locales', 'core/http/locales', 'core/mail/locales', 'core/admin/locales'];
const shortest = 4;

/** Fixed English texts that read differently in Turkish: on a Turkish page none of them may stand. */
export function englishOnly(folders: readonly string[]): ReadonlySet<string> {
  const read = (locale: string): Catalog =>
    Object.assign(
      {},
      ...folders.map((folder) => JSON.parse(readFileSync(path.join(root, folder, `${locale}.json`), 'utf8')) as Catalog),
    ) as Catalog;
  const [english, turkish] = [read('en'), read('tr')];
  const known = new Set(Object.values(turkish).flatMap((text) => (typeof text === 'string' ? [text] : Object.values(text))));
  const texts = Object.entries(english).flatMap(([key, text]) => (typeof text === 'string' && text !== turkish[key] ? [text] : []));
  return new Set(texts.filter((text) => text.length >= shortest && !text.includes('{') && !known.has(text)));
}

/** The texts of the page, its labels and its title that are among these. */
export async function englishOn(page: Page, english: ReadonlySet<string>): Promise<readonly string[]> {
  const texts: readonly string[] = await page.evaluate(`(() => {
    const texts = [document.title];
    // What says that it is English may be, as what an author wrote about a plugin.
    const isMarked = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches('[lang=en]');
    const judge = (node) => (isMarked(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, judge);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
      else for (const name of ['aria-label', 'title', 'placeholder', 'alt']) texts.push(node.getAttribute(name) ?? '');
    }
    return texts.map((text) => text.replace(/\\s+/g, ' ').trim()).filter((text) => text !== '');
  })()`);
  return texts.filter((text) => english.has(text));
}
