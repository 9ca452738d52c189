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
    // What ada sees is most of the desk: about a dozen pages in each test.
    for (const [name, parts] of [
      ['ada', 4],
      ['mina', 1],
      ['nobody', 1],
    ] as const) {
      for (let part = 0; part < parts; part += 1) {
        it(`is without violations and never scrolls sideways: ${locale}, ${name}, ${part + 1} of ${parts}`, async () => {
          const paths = pagesOf(stage().desk, ticket)[name].filter((_path, index) => index % parts === part);
          const problems = await crawl(stage(), name, locale, paths, problemsOn);

          expect(problems).to.deep.equal([]);
        });
      }
    }
  }
});
