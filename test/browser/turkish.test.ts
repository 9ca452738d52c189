import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { furnish, pagesOf } from './pages.js';
import { describeInBrowser } from './support.js';

type Catalog = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

// Built tests lie in test/dist/browser.
const core = path.resolve(import.meta.dirname, '../../../core');
const folders = ['locales', 'http/locales', 'mail/locales', 'admin/locales'];
const shortest = 4;

/** Fixed English texts that read differently in Turkish: on a Turkish page none of them may stand. */
function englishOnly(): ReadonlySet<string> {
  const read = (locale: string): Catalog =>
    Object.assign(
      {},
      ...folders.map((folder) => JSON.parse(readFileSync(path.join(core, folder, `${locale}.json`), 'utf8')) as Catalog),
    ) as Catalog;
  const [english, turkish] = [read('en'), read('tr')];
  const known = new Set(Object.values(turkish).flatMap((text) => (typeof text === 'string' ? [text] : Object.values(text))));
  const texts = Object.entries(english).flatMap(([key, text]) => (typeof text === 'string' && text !== turkish[key] ? [text] : []));
  return new Set(texts.filter((text) => text.length >= shortest && !text.includes('{') && !known.has(text)));
}

describeInBrowser('the Turkish desk', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  it('shows no English text of the catalogues on any page', async () => {
    const { desk, open } = stage();
    await desk.storage.writeTx((tx) => tx('users').update({ locale: 'tr' }));
    const english = englishOnly();
    const found: string[] = [];
    for (const [name, paths] of Object.entries(pagesOf(desk, ticket))) {
      const page = await open(name === 'nobody' ? undefined : (name as 'ada' | 'mina'), { locale: 'tr' });
      for (const address of paths) {
        await page.goto(address);
        const texts: readonly string[] = await page.evaluate(`(() => {
          const texts = [document.title];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
          for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
            else for (const name of ['aria-label', 'title', 'placeholder', 'alt']) texts.push(node.getAttribute(name) ?? '');
          }
          return texts.map((text) => text.replace(/\\s+/g, ' ').trim()).filter((text) => text !== '');
        })()`);
        found.push(...texts.filter((text) => english.has(text)).map((text) => `${name} ${address}: ${text}`));
      }
      await page.close();
    }

    expect(english.size).to.be.greaterThan(300);
    expect(found).to.deep.equal([]);
  });
});
