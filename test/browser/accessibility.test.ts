import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { furnish, pagesOf } from './pages.js';
import { crawl, describeInBrowser, problemsOn } from './support.js';

describeInBrowser('the accessibility of every page (axe, WCAG 2.2 AA)', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  for (const locale of ['en', 'tr']) {
    for (const name of ['ada', 'mina', 'nobody'] as const) {
      it(`is without violations and never scrolls sideways: ${locale}, ${name}`, async () => {
        const paths = pagesOf(stage().desk, ticket)[name];
        const problems = await crawl(stage(), name, locale, paths, problemsOn);

        expect(problems).to.deep.equal([]);
      });
    }
  }
});
