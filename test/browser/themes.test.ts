import { expect } from 'chai';
import type { FrameLocator, Page } from 'playwright-core';
import type { Ticket } from '#core/tickets/index.js';
import { furnish, pagesOf } from './pages.js';
import { describeInBrowser, violationsOn } from './support.js';

describeInBrowser('the themes', (stage) => {
  let ticket: Ticket;
  before(async function () {
    if (this.test?.isPending() !== true) ticket = await furnish(stage().desk);
  });

  const publish = (values: Readonly<Record<string, string>>) =>
    stage().desk.fetch('/admin/themes/harbor/publish?activate=1', {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({ whole: '1', 'option.piers': '1', ...values }),
    });

  for (const [palette, edge, colorScheme, width, locale] of [
    ['tide', 'wave', 'light', 320, 'tr'],
    ['kelp', 'wave', 'dark', 320, 'tr'],
    ['dusk', 'wave', 'light', 768, 'en'],
    ['brick', 'straight', 'dark', 1280, 'tr'],
  ] as const) {
    it(`Harbor is without violations: ${palette}, ${edge}, ${colorScheme}, ${width} px, ${locale}`, async () => {
      const { desk, open } = stage();
      await desk.storage.writeTx((tx) => tx('users').update({ locale }));
      expect((await publish({ 'option.hue': palette, 'option.edge': edge })).status).to.equal(303);
      const problems: string[] = [];
      const { mina, nobody } = pagesOf(desk, ticket);
      for (const [name, paths] of [
        ['mina', mina],
        [undefined, nobody],
      ] as const) {
        const page = await open(name, { colorScheme, viewport: { width, height: 800 }, locale });
        for (const path of paths) {
          await page.goto(path);
          problems.push(...(await violationsOn(page)).map((one) => `${path}: ${one}`));
          if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) problems.push(`${path}: scrolls sideways`);
        }
        await page.close();
      }

      expect(problems).to.deep.equal([]);
    });
  }

  const property = (frame: FrameLocator, name: string): Promise<string> =>
    frame.locator('html').evaluate((root: unknown, wanted: string) => {
      const { defaultView } = (
        root as { ownerDocument: { defaultView: { getComputedStyle(element: unknown): { getPropertyValue(name: string): string } } } }
      ).ownerDocument;
      return defaultView.getComputedStyle(root).getPropertyValue(wanted).trim();
    }, name);
  const slide = async (page: Page, name: string, value: string): Promise<void> => {
    await page.locator(`[name="option.${name}"]`).fill(value);
  };

  const openPreview = async (): Promise<{ readonly page: Page; readonly frame: FrameLocator }> => {
    const { desk, open } = stage();
    await desk.app.activateTheme('default');
    await desk.storage.writeTx((tx) => tx('users').update({ locale: 'en' }));
    const page = await open('ada');
    await page.goto('/admin/themes/default/preview');
    const frame = page.frameLocator('iframe');
    await frame.locator('h1').waitFor();
    return { page, frame };
  };

  it('follow in the preview at once, show unsaved words, and are published from it', async () => {
    const { desk } = stage();
    const { page, frame } = await openPreview();

    await slide(page, 'hue', '30');
    const atOnce = await property(frame, '--hue-brand');
    await page.locator('[name="option.welcome"]').fill('Ahoy there');
    await frame.getByRole('heading', { name: 'Ahoy there' }).waitFor();
    // Its words are there before its styles, and before the script that hears of a choice.
    await page.mainFrame().childFrames()[0]?.waitForLoadState();
    const afterLoad = await property(frame, '--hue-brand');
    await page.getByRole('link', { name: 'Dark', exact: true }).click();
    await frame.locator('html[data-scheme="dark"]').waitFor();
    await page.getByRole('link', { name: 'Phone', exact: true }).click();
    const narrow = await frame.locator('html').evaluate('innerWidth');
    await page.getByRole('link', { name: 'Türkçe', exact: true }).click();
    await frame.locator('html[lang="tr"]').waitFor();
    await page.getByRole('link', { name: 'New ticket', exact: true }).click();
    await frame.locator('textarea[name="body"]').waitFor();
    const stranger = await (await desk.fetch('/')).text();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('The theme is published.').waitFor();

    expect([atOnce, afterLoad, narrow]).to.deep.equal(['30', '30', 390]);
    expect(stranger).not.to.contain('Ahoy there');
    expect(await (await desk.fetch('/')).text()).to.contain('Ahoy there');
  });

  it('show words that were typed while the server was still keeping an earlier change', async () => {
    const { page, frame } = await openPreview();
    let letGo: () => void = () => undefined;
    let isHeld: Promise<void> | undefined = new Promise((resolve) => (letGo = resolve));
    await page.route('**/admin/themes/default/draft', async (route) => {
      const held = isHeld;
      isHeld = undefined;
      await held;
      await route.continue();
    });

    const asked = page.waitForRequest('**/admin/themes/default/draft');
    await slide(page, 'hue', '60');
    await asked;
    await page.locator('[name="option.welcome"]').fill('Land in sight');
    letGo();

    await frame.getByRole('heading', { name: 'Land in sight' }).waitFor();
  });

  it('can be previewed, reset and published without script', async () => {
    const { desk, open } = stage();
    await desk.storage.writeTx((tx) => tx('users').update({ locale: 'en' }));
    const page = await open('ada', { javaScriptEnabled: false });
    await page.goto('/admin/themes/harbor/preview');
    await page.locator('[name="option.tagline"]').fill('Anchors aweigh');
    await page.getByRole('button', { name: 'Show preview' }).click();
    await page.frameLocator('iframe').getByText('Anchors aweigh').waitFor();
    await page.getByRole('link', { name: 'Tablet', exact: true }).click();
    await page.frameLocator('iframe').getByText('Anchors aweigh').waitFor();
    const alone = await page.getByRole('link', { name: 'Open in its own tab' }).getAttribute('href');
    await page.goto(alone ?? '');
    const words = await page.getByText('Anchors aweigh').count();
    await page.goto('/admin/themes/harbor/preview');
    await page.getByRole('button', { name: 'Back to the default: Line below the greeting' }).click();
    await page.frameLocator('iframe').getByText('Drop anchor.').waitFor();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('Your changes are dropped.').waitFor();

    expect(words).to.equal(1);
    expect(await desk.storage.read('theme_drafts').where({ theme: 'harbor' }).count({ n: '*' }).first()).to.deep.equal({ n: 0 });
  });
});
