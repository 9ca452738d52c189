import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type BrowserContext, type Page, type Request } from 'playwright-core';
import { createInbox, type Inbox } from '../support/inbox.ts';

/** A desk that has taken a mail in, and a browser in which an agent looks at it. */
export interface HostileStage {
  /** What the mail does in the browser that it must not, or undefined. */
  look(raw: Uint8Array): Promise<string | undefined>;
  /** What is wrong with how its first file is offered, or undefined; images may be shown in place. */
  download(raw: Uint8Array, isImage: boolean): Promise<string | undefined>;
  close(): Promise<void>;
}

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const root = path.resolve(import.meta.dirname, '../../../../..');
const flags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** @throws Error when there is no Chromium, or when the check would not notice a page that attacks. */
export async function openStage(): Promise<HostileStage> {
  if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}; CHROMIUM names another`);
  const inbox = await createInbox({ database: 'sqlite', root });
  const { desk } = inbox;
  const browser = await chromium.launch({ executablePath, args: flags.split(' ') });
  const origin = await desk.url();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: origin });
  context.setDefaultTimeout(15_000);
  const [name = '', value = ''] = (await desk.cookie('can')).split('=');
  await context.addCookies([{ name, value, url: origin }]);
  await proveSharp(context, origin);
  return {
    async look(raw) {
      const number = await take(inbox, raw);
      const views = ['', '?images=1'];
      const [message] = await inbox.messages(number.ticketId);
      for (const view of views) {
        const complaint =
          (await watch(context, origin, `/desk/messages/${message?.id}/body${view}`)) ??
          (view === '' ? await watch(context, origin, `/desk/tickets/${number.number}`) : undefined);
        if (complaint !== undefined) return complaint;
      }
      return undefined;
    },
    async download(raw, isImage) {
      const { ticketId } = await take(inbox, raw);
      const [message] = await inbox.messages(ticketId);
      const fileId: number | undefined = (await desk.storage.read('attachments').where({ message_id: message?.id }).first('file_id'))
        ?.file_id;
      const answer = await desk.fetch(`/files/${fileId}`, { as: 'can', redirect: 'follow' });
      const disposition = answer.headers.get('Content-Disposition') ?? '';
      if (!isImage && !disposition.startsWith('attachment')) return `is offered as ${disposition}`;
      if (answer.headers.get('X-Content-Type-Options') !== 'nosniff') return 'may be sniffed';
      return (answer.headers.get('Content-Security-Policy') ?? '').includes('sandbox') ? undefined : 'has no sandbox';
    },
    async close() {
      await browser.close();
      await desk.close();
    },
  };
}

async function take(inbox: Inbox, raw: Uint8Array): Promise<{ readonly ticketId: number; readonly number: number }> {
  const row = await inbox.receive(raw);
  if (row.ticket_id === null) throw new Error(`the mail became no ticket: ${row.state} ${row.reason}`);
  const { id, number } = await inbox.ticket(row.ticket_id);
  return { ticketId: id, number };
}

/** Opens a page, waits until it rests, points at every part of the mail, and says what happened that must not. */
async function watch(context: BrowserContext, origin: string, address: string): Promise<string | undefined> {
  const page = await context.newPage();
  const seen = observe(page, origin);
  try {
    await page.goto(address, { waitUntil: 'load' });
    const here = page.url();
    await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
    await page.waitForTimeout(120);
    await page.mouse.move(640, 400);
    if (page.url() !== here) return `navigated to ${page.url()}`;
    if (context.pages().length > 1) return 'opened a window';
    for (const frame of page.frames()) {
      if (!frame.url().startsWith(origin) && frame.url() !== 'about:blank') return `holds a frame of ${frame.url()}`;
      if (await frame.evaluate(`window.__pwned !== undefined || window.pwned !== undefined`)) return 'ran a script';
      const covering: string | null = await frame.evaluate(overlay);
      if (covering !== null) return `lies over the page: ${covering}`;
    }
    return seen[0];
  } finally {
    await page.close();
  }
}

/** An element of a mail that leaves the flow, and with it could lie over what the desk shows. */
const overlay = `(() => {
  const scopes = document.querySelectorAll('.message__body, body:not(:has(.message))');
  for (const scope of scopes)
    for (const one of scope.querySelectorAll('*'))
      if (!['static', 'relative'].includes(getComputedStyle(one).position)) return one.outerHTML.slice(0, 120);
  return null;
})()`;

function observe(page: Page, origin: string): string[] {
  const seen: string[] = [];
  page.on('dialog', (dialog) => {
    seen.push(`opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const leaves = (request: Request): boolean => !request.url().startsWith(origin) && !/^(?:data|blob|about):/.test(request.url());
  page.on('request', (request) => {
    if (leaves(request)) seen.push(`asked ${request.url()}`);
  });
  return seen;
}

/** A check that finds nothing must be able to find something: an attack outside of the desk's care has to be noticed. */
async function proveSharp(context: BrowserContext, origin: string): Promise<void> {
  await context.route('**/attack', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: '<body><img src="http://canary.invalid/x.png"><script>window.__pwned = 1; alert(1)</script></body>',
    }),
  );
  const page = await context.newPage();
  const seen = observe(page, origin);
  await page.goto(`${origin}/attack`, { waitUntil: 'load' });
  const ran = await page.evaluate(`window.__pwned === 1`);
  await page.close();
  if (!ran || seen.length < 2) throw new Error(`the browser check is blind: ${JSON.stringify({ ran, seen })}`);
}
