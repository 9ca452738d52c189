import { expect } from 'chai';
import type { Ticket } from '#core/tickets/index.js';
import { furnish, pagesOf } from './pages.js';
import { describeInBrowser, violationsOn } from './support.js';

describeInBrowser('the accessibility of every page (axe, WCAG 2.2 AA)', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [320, 768, 1280]) {
      for (const locale of ['en', 'tr']) {
        it(`is without violations: ${colorScheme}, ${width} px, ${locale}`, async () => {
          const { desk, open } = stage();
          await desk.storage.writeTx((tx) => tx('users').update({ locale }));
          const problems: string[] = [];
          for (const [name, paths] of Object.entries(pagesOf(desk, ticket))) {
            const page = await open(name === 'nobody' ? undefined : (name as 'ada' | 'mina'), {
              colorScheme,
              viewport: { width, height: 800 },
              locale,
            });
            for (const path of paths) {
              await page.goto(path);
              problems.push(...(await violationsOn(page)).map((one) => `${name} ${path}: ${one}`));
              const overflow: boolean = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
              if (overflow) problems.push(`${name} ${path}: scrolls sideways`);
            }
            await page.close();
          }

          expect(problems).to.deep.equal([]);
        });
      }
    }
  }
});
