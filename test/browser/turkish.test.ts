import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { coreCatalogs, englishOn, englishOnly } from './english.js';
import { furnish, pagesOf } from './pages.js';
import { describeInBrowser } from './support.js';

describeInBrowser('the Turkish desk', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  it('shows no English text of the catalogues on any page', async () => {
    const { desk, open } = stage();
    await desk.storage.writeTx((tx) => tx('users').update({ locale: 'tr' }));
    const english = englishOnly(coreCatalogs);
    const found: string[] = [];
    for (const [name, paths] of Object.entries(pagesOf(desk, ticket))) {
      const page = await open(name === 'nobody' ? undefined : (name as 'ada' | 'mina'), { locale: 'tr' });
      for (const address of paths) {
        await page.goto(address);
        found.push(...(await englishOn(page, english)).map((text) => `${name} ${address}: ${text}`));
      }
      await page.close();
    }

    expect(english.size).to.be.greaterThan(300);
    expect(found).to.deep.equal([]);
  });
});
