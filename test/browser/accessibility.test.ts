import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { furnish, pagesOf } from './pages.js';
import { describeInBrowser, problemsOn } from './support.js';

describeInBrowser('the accessibility of every page (axe, WCAG 2.2 AA)', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  for (const locale of ['en', 'tr']) {
    for (const name of ['ada', 'mina', 'nobody'] as const) {
      it(`is without violations and never scrolls sideways: ${locale}, ${name}`, async () => {
        const { desk, open } = stage();
        await desk.storage.writeTx((tx) => tx('users').update({ locale }));
        const page = await open(name === 'nobody' ? undefined : name, { locale });
        const problems: string[] = [];
        for (const path of pagesOf(desk, ticket)[name]) {
          await page.goto(path);
          problems.push(...(await problemsOn(page)).map((one) => `${path}, ${one}`));
        }

        expect(problems).to.deep.equal([]);
      });
    }
  }
});
