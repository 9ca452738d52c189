import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { until } from '#core/testing/index.js';
import { openTicket, reply, type Ticket } from '#core/tickets/index.js';
import { describeInBrowser, problemsOn } from './support.js';

const quote = (text: string): string =>
  `<div data-quote=""><p>On 2 Nov 2026 at 10:00, Can wrote:</p><blockquote>${`<p>${text}</p>`.repeat(20)}</blockquote></div>`;
const answers = `<p>Hi, see below.</p>${quote('Which grinder is it?')}<p>The small one, as on the picture of the order from last week.</p>${quote('When did you buy it?')}<p>In May.</p>`;
const rich = `<table><tr><td style="color:#a00">Kaya Printing</td></tr></table>${answers}`;

for (const javaScriptEnabled of [true, false]) {
  describeInBrowser(`quotes between answers with scripting ${javaScriptEnabled ? 'on' : 'off'}`, (stage) => {
    let ticket: Ticket;
    before(async function () {
      if (this.test?.isPending() !== true) ticket = await write();
    });

    async function write(): Promise<Ticket> {
      const { desk } = stage();
      const opened = await openTicket(desk.app.desk, desk.actor('mina'), {
        subject: 'The grinder is loud',
        requester: { userId: desk.people.mina.id },
        message: { html: answers },
        channel: 'mail',
      });
      await reply(desk.app.desk, desk.actor('mina'), opened.ticket.id, { kind: 'reply', html: rich });
      return opened.ticket;
    }

    async function openDesk(): Promise<Page> {
      const page = await stage().open('can', { javaScriptEnabled });
      await page.goto(`/desk/tickets/${ticket.number}`);
      return page;
    }

    it('R2: open one by one in the page and by the keyboard', async () => {
      const page = await openDesk();
      const question = page.getByText('When did you buy it?').first();
      const summary = page.locator('.message__body summary').nth(1);
      expect(await question.isVisible()).to.equal(false);

      await summary.focus();
      await page.keyboard.press('Enter');

      expect(await question.isVisible()).to.equal(true);
      expect(await page.getByText('Which grinder is it?').first().isVisible()).to.equal(false);
    });

    if (javaScriptEnabled)
      it('R2: open in the frame of a mail, which grows and shrinks with them', async () => {
        const page = await openDesk();
        const summaries = page.frameLocator('.message__frame').locator('summary');
        const closed = await fitted(page);

        await summaries.nth(0).click();
        const one = await fitted(page, closed);
        await summaries.nth(1).click();
        const both = await fitted(page, one);
        await summaries.nth(0).click();
        await summaries.nth(1).click();

        expect([closed > 100, one > closed + 300, both > one + 300]).to.deep.equal([true, true, true]);
        expect(await fitted(page, both)).to.equal(closed);
      });

    for (const locale of javaScriptEnabled ? ['en', 'tr'] : [])
      it(`R2: open without violations and never make the page scroll sideways: ${locale}`, async () => {
        await stage().desk.storage.writeTx((tx) => tx('users').update({ locale }));
        const page = await openDesk();
        for (const summary of await page.locator('.message__body summary').all()) await summary.click();

        expect(await problemsOn({ page, locale })).to.deep.equal([]);
      });
  });
}

/** The height of the frame once it is another than before and just that of the mail in it. */
async function fitted(page: Page, before = 0): Promise<number> {
  const sizes = `(() => {
    const frame = document.querySelector('.message__frame');
    // Between two documents of a frame there is none.
    const content = frame.contentDocument.documentElement?.getBoundingClientRect().height ?? 0;
    return [frame.clientHeight, Math.ceil(content)];
  })()`;
  return until(async () => {
    const [frame, content]: readonly number[] = await page.evaluate(sizes);
    return frame !== before && frame === content && frame;
  });
}
