import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { createTestDesk, type TestDesk, type TestDeskOptions } from '#core/testing/index.js';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Stage {
  readonly desk: TestDesk;
  /** A fresh browser profile, signed in or not. */
  open(name: 'ada' | 'can' | 'mina' | undefined, options?: BrowserContextOptions): Promise<Page>;
}

/** A suite that needs Chromium: skipped with a clear line where there is none, a failure in CI. */
export function describeInBrowser(title: string, define: (stage: () => Stage) => void, options: () => TestDeskOptions = () => ({})): void {
  describe(title, () => {
    let browser: Browser | undefined;
    let desk: TestDesk | undefined;
    const contexts: BrowserContext[] = [];

    before(async function () {
      if (!existsSync(executablePath)) {
        if (process.env['CI'] === 'true') throw new Error(`There is no Chromium at ${executablePath}, and CI must run these tests.`);
        process.stdout.write(`Skipped "${title}": there is no Chromium at ${executablePath}.\n`);
        this.skip();
      }
      browser = await chromium.launch({ executablePath, args });
      // The bundled themes, so that pages look as they do on a site.
      desk = await createTestDesk({ root: path.resolve(import.meta.dirname, '../../..'), ...options() });
      desk.clock.advance(Date.now() - desk.clock.now());
    });
    after(async () => {
      await browser?.close();
      await desk?.close();
    });
    afterEach(async () => {
      for (const context of contexts.splice(0)) await context.close();
    });

    define(() => {
      if (browser === undefined || desk === undefined) throw new Error('The browser is not running.');
      const [running, shown] = [browser, desk];
      return {
        desk: shown,
        async open(name, options = {}) {
          // Toasts count down on the browser's clock, so the desk's must not lag behind.
          shown.clock.advance(Date.now() - shown.clock.now());
          const url = await shown.url();
          const context = await running.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en', ...options, baseURL: url });
          contexts.push(context);
          // Other browsers run beside this one.
          context.setDefaultTimeout(20_000);
          if (name !== undefined) {
            const [cookie = '', value = ''] = (await shown.cookie(name)).split('=');
            await context.addCookies([{ name: cookie, value, url }]);
          }
          return context.newPage();
        },
      };
    });
  });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds on the page against WCAG 2.2 AA, or against one rule, one line each. */
export async function violationsOn(page: Page, rule?: string): Promise<readonly string[]> {
  // The page's policy forbids foreign scripts, so it comes through the debugger instead of a tag.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource);
  const runOnly = rule === undefined ? standards : { type: 'rule', values: [rule] };
  // Frames of mails run no script, so axe would only wait for their answer.
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'], preload: false, iframes: false });
  const found: readonly Violation[] = await page.evaluate(`axe.run(document, ${options}).then(({ violations }) => violations)`);
  return found.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 200) ?? ''}`);
}

/**
 * Looks at the page as it stands at every width and in both color schemes. Of dark, only the contrast can differ; of
 * another language than English, only how long words are and whether they are there, and the narrowest page shows both.
 */
export async function problemsOn({ page, locale }: Pick<Looked, 'page' | 'locale'>): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const width of [320, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    if (locale === 'en' || width === 320) problems.push(...(await violationsOn(page)).map((one) => `${width} px: ${one}`));
    await page.emulateMedia({ colorScheme: 'dark' });
    if (locale === 'en') problems.push(...(await violationsOn(page, 'color-contrast')).map((one) => `${width} px, dark: ${one}`));
    if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) problems.push(`${width} px: scrolls sideways`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return problems;
}

interface Looked {
  readonly page: Page;
  readonly path: string;
  readonly locale: string;
  readonly status: number | undefined;
}

/** Opens pages one after the other in a language and collects what is found on each, one line each. */
export async function crawl(
  { desk, open }: Stage,
  as: 'ada' | 'mina' | 'nobody',
  locale: string,
  paths: readonly string[],
  look: (at: Looked) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  await desk.storage.writeTx((tx) => tx('users').update({ locale }));
  const page = await open(as === 'nobody' ? undefined : as, { locale });
  const found: string[] = [];
  for (const path of paths) {
    const status = (await page.goto(path))?.status();
    found.push(...(await look({ page, path, locale, status })).map((one) => `${as} ${path}: ${one}`));
  }
  await page.close();
  return found;
}
