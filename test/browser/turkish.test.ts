import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { coreCatalogs, englishOn, englishOnly } from './english.js';
import { furnish, pagesOf } from './pages.js';
import { crawl, describeInBrowser } from './support.js';

describeInBrowser('the Turkish desk', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  it('shows no English text of the catalogs on any page', async () => {
    const english = englishOnly(coreCatalogs);
    const found: string[] = [];
    for (const [name, paths] of Object.entries(pagesOf(stage().desk, ticket)))
      found.push(...(await crawl(stage(), name as 'ada' | 'mina' | 'nobody', 'tr', paths, ({ page }) => englishOn(page, english))));

    expect(english.size).to.be.greaterThan(300);
    expect(found).to.deep.equal([]);
  });
});
