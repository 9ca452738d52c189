import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openTicket, reply, seeTicket } from '#core/tickets/index.js';
import { describeInBrowser, violationsOn } from './support.js';

for (const javaScriptEnabled of [true, false]) {
  describeInBrowser(`the main job with scripting ${javaScriptEnabled ? 'on' : 'off'}`, (stage) => {
    /** Writes into the open form: into the editor, or where script is off into the plain field. */
    async function write(page: Page, kind: 'reply' | 'note', text: string): Promise<void> {
      await page
        .locator('.composer__closed')
        .getByRole('link', { name: kind === 'reply' ? 'Reply' : 'Note' })
        .click();
      const form = page.locator(`#${kind}-form`);
      if (javaScriptEnabled)
        await form
          .getByRole('textbox', { name: kind === 'reply' ? /^Reply to/ : /^Note for/ })
          .and(page.locator('[contenteditable]'))
          .fill(text);
      else await form.locator('textarea').fill(text);
    }

    it('goes from a customer’s question to the answer they read', async () => {
      const mina = await stage().open('mina', { javaScriptEnabled });
      await mina.goto('/tickets/new');
      await mina.getByLabel('Subject').fill('The grinder is loud');
      await mina.locator('textarea').fill('Since Monday it makes a strange noise.');
      await mina.getByRole('button', { name: 'Send' }).click();
      await mina.waitForURL(/\/tickets\/sent\/\d+/);
      const number = /(\d+)$/.exec(mina.url())?.[1] ?? '';

      const can = await stage().open(undefined, { javaScriptEnabled });
      await can.goto('/desk');
      await can.getByLabel('E-mail').first().fill('can@example.com');
      await can.getByLabel('Password').fill('can has a password');
      await can.getByRole('button', { name: 'Sign in', exact: true }).click();
      await can.waitForURL(/\/desk\/inbox\/open/);
      await can.getByRole('link', { name: /The grinder is loud/ }).click();
      await can.getByRole('heading', { name: 'The grinder is loud' }).waitFor();

      await can
        .getByRole('button', { name: /assign/i })
        .first()
        .click();
      await can.getByRole('button', { name: /^Assign to me/ }).click();
      await can.getByRole('button', { name: /Assignee Can Demir/ }).waitFor();

      await write(can, 'reply', 'Please clean the burrs first.');
      await can.getByRole('button', { name: 'Send to Mina Kaya' }).click();
      await can.locator('#timeline').getByText('Please clean the burrs first.').waitFor();

      await write(can, 'note', 'A known fault of this series.');
      await can.getByRole('button', { name: 'Save note' }).click();
      await can.getByRole('article', { name: 'Message from Can Demir' }).filter({ hasText: 'A known fault of this series.' }).waitFor();

      await can.getByRole('button', { name: /^Status/ }).click();
      await can.locator('#status').getByRole('button', { name: 'Solved' }).click();
      await can.getByRole('button', { name: 'Status Solved, change' }).waitFor();

      await mina.goto(`/tickets/${number}`);
      const text = await mina.locator('main').innerText();
      expect(text).to.include('Please clean the burrs first.').and.include('Solved').and.not.include('A known fault');
      const stored = await seeTicket(
        stage().desk.app.desk,
        stage().desk.actor('ada'),
        (await stage().desk.storage.read('tickets').where({ number }).first('id')).id,
      );
      expect(stored).to.include({ assigneeId: stage().desk.people.can.id, category: 'solved' });
    });
  });
}

const splitAtCaret = `{
  const line = document.querySelector('#note-form [contenteditable] div');
  line.normalize();
  line.lastChild.splitText(line.lastChild.length - 2);
  getSelection().collapse(line, line.childNodes.length);
  line.dispatchEvent(new InputEvent('input', { bubbles: true }));
}`;

describeInBrowser('mentioning a colleague in a note', (stage) => {
  it('offers names after @, takes one by keyboard and tells the person', async () => {
    const { desk } = stage();
    const { ticket } = await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'The kettle leaks',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Hello?' },
      channel: 'portal',
    });
    const page = await stage().open('can');
    await page.goto(`/desk/tickets/${ticket.number}?compose=note`);
    const field = page.locator('#note-form [contenteditable]');
    const list = page.getByRole('listbox', { name: 'Colleagues to mention' });

    await field.pressSequentially('Mail to can@example.com, and @yıl');
    expect(await list.getByRole('option').allInnerTexts()).to.deep.equal(['Ada Yılmaz']);
    // The editor splits its texts and leaves the caret between them when it makes the address a link.
    await page.evaluate(splitAtCaret);
    expect(await list.getByRole('option').allInnerTexts()).to.deep.equal(['Ada Yılmaz']);
    expect(await violationsOn(page)).to.deep.equal([]);
    await field.press('Enter');
    await list.waitFor({ state: 'hidden' });
    await field.pressSequentially('please look.');
    await page.getByRole('button', { name: 'Save note' }).click();
    await page.locator('#timeline').getByRole('article').filter({ hasText: '@Ada Yılmaz please look.' }).waitFor();
    await desk.settle();

    const notices = await desk.storage.read('notifications').where({ user_id: desk.people.ada.id, kind: 'mentioned' });
    expect(notices).to.have.length(1);
  });
});

describeInBrowser('working beside others', (stage) => {
  const open = async (subject: string) => {
    const { desk } = stage();
    return (
      await openTicket(desk.app.desk, desk.actor('mina'), {
        subject,
        requester: { userId: desk.people.mina.id },
        message: { text: 'Hello?' },
        channel: 'portal',
      })
    ).ticket;
  };
  const field = (page: Page) => page.locator('#reply-form [contenteditable]');

  it('shows a colleague’s answer without a reload and stops a second one', async () => {
    const { desk } = stage();
    const ticket = await open('Two at once');
    const can = await stage().open('can');
    await can.goto(`/desk/tickets/${ticket.number}?compose=reply`);
    await field(can).fill('I am writing as well.');

    await reply(desk.app.desk, desk.actor('ada'), ticket.id, { kind: 'reply', text: 'Ada was faster.' });
    await can.locator('#timeline').getByText('Ada was faster.').waitFor();
    expect(await field(can).innerText()).to.include('I am writing as well.');

    await can.getByRole('button', { name: 'Send to Mina Kaya' }).click();
    await can.getByRole('alert').filter({ hasText: 'A newer message arrived.' }).waitFor();
    expect(await field(can).innerText()).to.include('I am writing as well.');
    await can.getByRole('button', { name: 'Send anyway' }).click();
    await can.locator('#timeline').getByText('I am writing as well.').waitFor();
  });

  it('lets a second browser see a new ticket in its list', async () => {
    const ada = await stage().open('ada');
    // Between the page and its stream, when neither would tell.
    await ada.route('**/events?*', async (route) => {
      await open('Brand new');
      await route.continue();
    });
    await ada.goto('/desk/inbox/open');
    await ada.getByRole('link', { name: /Brand new/ }).waitFor();
  });

  it('lets a tab see what happened before it could listen', async () => {
    const first = await stage().open('ada');
    await first.goto('/desk/inbox/open');
    const second = await first.context().newPage();
    // The page is made, the other tab is told, and only then does this one come to life.
    await second.route('**/desk.js*', async (route) => {
      await open('In between');
      await first.getByRole('link', { name: /In between/ }).waitFor();
      await route.continue();
    });
    await second.goto('/desk/inbox/open');
    await second.getByRole('link', { name: /In between/ }).waitFor();
  });

  it('takes a reply back into the composer', async () => {
    const { desk } = stage();
    await desk.app.desk.settings.set('mail', { from: 'desk@example.com', smtp: 'smtp://127.0.0.1:9' });
    await desk.app.desk.settings.set('tickets', { undoSeconds: 60 });
    const ticket = await open('Undo me');
    const can = await stage().open('can');
    await can.goto(`/desk/tickets/${ticket.number}?compose=reply`);
    await field(can).fill('Sent too early');
    // The toast leaves by the browser's clock; the desk's has stood still since the page was opened.
    desk.clock.advance(Date.now() - desk.clock.now());
    await can.getByRole('button', { name: 'Send to Mina Kaya' }).click();
    await can.locator('#flash').getByText('Sent to Mina Kaya').waitFor();

    await can.locator('#flash').getByRole('button', { name: /^Undo/ }).click();

    await can.locator('#flash').getByText('Taken back.').waitFor();
    await field(can).filter({ hasText: 'Sent too early' }).waitFor();
    expect(await can.locator('#timeline').innerText()).to.not.include('Sent too early');
  });

  it('finds commands and tickets by the keyboard', async () => {
    const ticket = await open('Palette target');
    const can = await stage().open('can');
    await can.goto('/desk/inbox/open');
    await can.keyboard.press('Control+k');
    await can.getByRole('combobox').fill('palette tar');
    await can.getByRole('option', { name: /Palette target/ }).waitFor();
    await can.keyboard.press('Enter');
    await can.waitForURL(new RegExp(`/desk/tickets/${ticket.number}`));
  });
});
