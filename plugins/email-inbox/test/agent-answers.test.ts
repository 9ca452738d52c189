import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { parseMail } from '../parsing.ts';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const secret = 'The customer must not know this.';

describe("an agent's answer to a notification", () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  let ticketId: number;
  let answerAddress: string;
  let notice: { readonly text: string; readonly html: string };
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    await inbox.addReceiver({ signs_addresses: true });
    ticketId = (await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }))).ticket_id ?? 0;
    await mention();
  });
  afterEach(() => close());

  /** Ada writes a note that mentions can, who gets a notification with its first words. */
  async function mention(): Promise<void> {
    await inbox.desk.as('ada').reply(ticketId, { kind: 'note', text: `@Can ${secret}`, mentioned: [inbox.desk.people.can.id] });
    await inbox.desk.settle();
    const { text, html, replyTo } = await parseMail(sink.mails.findLast(({ to }) => to.includes('can@example.com'))?.raw ?? Buffer.of());
    answerAddress = replyTo[0]?.address ?? '';
    notice = { text, html: html ?? '' };
  }

  const answer = (text: string, html?: string) =>
    html === undefined ? send({}, text) : send({ 'Content-Type': 'multipart/alternative; boundary=x' }, alternative(text, html));
  const send = (headers: object, body: string) =>
    inbox.receive(mail({ From: 'Can <can@example.com>', To: answerAddress, Subject: 'Re: Printer', ...headers }, body));
  const alternative = (text: string, html: string) =>
    `--x\nContent-Type: text/plain; charset=utf-8\n\n${text}\n--x\nContent-Type: text/html; charset=utf-8\n\n${html}\n--x--`;
  const latest = async () => (await inbox.messages(ticketId)).at(-1);
  const replies = async () => (await inbox.outbox()).filter(({ kind }) => kind === 'reply');
  const refusals = async () =>
    (await inbox.outbox()).filter(({ subject }) => subject.startsWith('Not sent')) as unknown as readonly { readonly text: string }[];
  const quoted = (text: string) => text.replace(/^/gm, '> ');
  const body = (html: string) => html.replace(/^[\s\S]*<body[^>]*>|<\/body>[\s\S]*$/g, '');
  const attribution = 'On Mon, 5 Jan 2026 at 09:00, Support <support@desk.example> wrote:';

  const picture = (id: string): string =>
    `--y\nContent-Type: image/png\nContent-Disposition: inline; filename=${id}.png\nContent-ID: <${id}>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n`;
  const withPictures = (text: string, html: string, ids: readonly string[]) =>
    send(
      { 'Content-Type': 'multipart/related; boundary=y' },
      `--y\nContent-Type: multipart/alternative; boundary=x\n\n${alternative(text, html)}\n${ids.map(picture).join('')}--y--`,
    );
  const fileNames = (): Promise<readonly string[]> =>
    inbox.desk.storage.read('attachments').join('files', 'files.id', 'attachments.file_id').pluck('files.name');

  it('W2: takes the pictures of its own words along, and none of those that it quotes', async () => {
    const quote = `<blockquote type="cite">${body(notice.html)}<img src="cid:internal"></blockquote>`;

    await withPictures(`See here.\n\n${quoted(notice.text)}`, `<p>See here.<img src="cid:mine"></p>${quote}`, ['mine', 'internal']);

    expect(await replies()).to.have.length(1);
    expect(await fileNames()).to.deep.equal(['mine.png']);
  });

  it('W2: commands above the logo of a signature make no message', async () => {
    const row = await withPictures('@close', '<p>@close</p><p><img src="cid:logo"></p>', ['logo']);

    expect(row).to.include({ state: 'processed', kind: 'command', message_id: null });
    expect(await replies()).to.deep.equal([]);
    expect((await inbox.ticket(ticketId)).category).to.equal('solved');
  });

  it('W2: finds on top of the notification, in its language, where to write', async () => {
    expect(notice.text)
      .to.match(/^##- Write your answer above this line -##\n\n/)
      .and.include(secret);
    expect(body(notice.html)).to.match(
      /^\s*<div class="helpdesk-quote" id="helpdesk-quote" data-helpdesk-quote=""><div[^>]*>##- Write your answer above this line -##<\/div>/,
    );

    await inbox.desk.storage.writeTx((tx) => tx('users').where({ id: inbox.desk.people.can.id }).update({ locale: 'tr' }));
    await mention();

    expect(notice.text).to.match(/^##- Yanıtınızı bu satırın üstüne yazın -##\n/);
  });

  it('W2: is not asked for where it would not find back, and cut all the same', async () => {
    const address = answerAddress;
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ signs_addresses: false }));
    await mention();
    const asked = answerAddress;
    answerAddress = address;

    await answer(`It is out.\n\n${notice.text}`);

    expect(asked).to.equal('');
    expect(notice.text).to.match(/^##- This notification is for the team alone -##\n/);
    expect((await latest())?.text).to.equal('It is out.');
  });

  it('W2: is cut at the line, whatever the mail program writes around it', async () => {
    await answer(`It is out.\n\n${notice.text}`);
    const bare = await latest();
    await answer(`It is out.\n\n-----\nSupport: You were mentioned\n\n${notice.text}\n\n-- \nCan`);
    const titled = await latest();

    expect(bare?.text).to.equal('It is out.');
    expect(titled?.text)
      .to.match(/^It is out\./)
      .and.not.include(secret);
    expect(await replies()).to.have.length(2);
  });

  for (const [shape, html] of [
    ['plain divs', (own: string, quote: string) => `<div>${own}</div><div>Support wrote</div><div>${quote}</div>`],
    ['a bare blockquote', (own: string, quote: string) => `<p>${own}</p><p>${attribution}</p><blockquote>${quote}</blockquote>`],
    [
      'a quote above a signature',
      (own: string, quote: string) => `<div>${own}</div><div class="gmail_quote">${attribution}${quote}</div><div>Can, Support</div>`,
    ],
    ['nothing but our mark', (own: string, quote: string) => `<div>${own}</div>${quote}`],
  ] as const) {
    it(`W2: sends nothing of the notification on from HTML with ${shape} (FS #5545)`, async () => {
      // Outlook puts x_ before classes and ids.
      await answer(
        `It is out.\n\n${attribution}\n${quoted(notice.text)}`,
        html('It is out.', body(notice.html).replace(/(class|id)="/g, '$1="x_')),
      );

      expect((await latest())?.text).to.equal('It is out.');
      expect((await latest())?.html ?? '').to.not.include(secret);
      expect(await replies()).to.have.length(1);
    });

    it(`W2: sends nothing of an unmarked notification on from HTML with ${shape}`, async () => {
      await answer(`It is out.\n\n${attribution}\n${quoted(secret)}`, html('It is out.', `<p>${secret}</p>`));

      expect((await latest())?.text).to.equal('It is out.');
      expect((await latest())?.html ?? '').to.not.include(secret);
    });
  }

  it('W2: keeps its layout where text and HTML say the same', async () => {
    await answer(`It is *out*.\n\n${notice.text}`, `<p>It is <b>out</b>.</p>${body(notice.html)}`);

    expect(await latest()).to.include({ text: 'It is *out*.', html: '<p>It is <b>out</b>.</p>' });
  });

  it('R2: keeps the words below a quote that a mail program of HTML alone writes (FS #349)', async () => {
    const quote = `<div class="moz-cite-prefix">${attribution}</div><blockquote type="cite">${body(notice.html)}</blockquote>`;

    await send({ 'Content-Type': 'text/html; charset=utf-8' }, `<p>Hi, answers below.</p>${quote}<p>Yes to the <b>first</b>.</p>`);

    expect(await latest()).to.include({
      text: 'Hi, answers below.\n\nYes to the first.',
      html: '<p>Hi, answers below.</p><p>Yes to the <b>first</b>.</p>',
    });
  });

  it('W2: loses what it quotes between its words', async () => {
    await answer(`${attribution}\n${quoted(notice.text)}\n\nIt is out.\n> ${secret}\nYes.`);

    expect((await latest())?.text).to.equal('It is out.\nYes.');
  });

  it('W2: keeps the words that earlier answers had too', async () => {
    const words = 'Restart it.\nThen write to us.\nWe help.';
    for (let round = 0; round < 3; round += 1) await answer(`${words}\n\n${notice.text}`);

    expect((await latest())?.text).to.equal(words);
    expect(await replies()).to.have.length(3);
  });

  it('W2: is sent though it has one letter', async () => {
    await answer(`k\n\n${attribution}\n${quoted(notice.text)}`);

    expect((await latest())?.text).to.equal('k');
  });

  it('W2: is sent below the notification where that is quoted, also without an attribution', async () => {
    await answer(`${quoted(notice.text)}\n\nIt is out.`);

    expect((await latest())?.text).to.equal('It is out.');
  });

  for (const [what, text, reason] of [
    ['without words', () => `${attribution}\n${quoted(notice.text)}`, 'no words of yours above the quoted text'],
    ['without words below a bare notification', () => `\n${notice.text}`, 'no words of yours above the quoted text'],
    [
      'below a notification that is not quoted',
      () => `${attribution}\n\n${notice.text}\n\nIt is out.`,
      'no words of yours above the quoted text',
    ],
    ['on the line of the notification', () => `It is out. ${notice.text}`, 'could not be told from the quoted text'],
  ] as const)
    it(`W2: is refused with the reason ${what}`, async () => {
      const before = await inbox.messages(ticketId);

      const row = await answer(text());

      expect(row.state).to.equal('ignored');
      expect(await inbox.messages(ticketId)).to.have.length(before.length);
      expect(await replies()).to.deep.equal([]);
      expect((await refusals()).map((one) => one.text.replaceAll(/\s+/g, ' '))[0]).to.include(reason);
    });

  it('L7: stays inside as a note when a program wrote it', async () => {
    await send({ 'Auto-Submitted': 'auto-replied' }, 'I am away until Monday.');

    expect(await latest()).to.include({ kind: 'note', text: 'I am away until Monday.' });
    expect(await replies()).to.deep.equal([]);
  });

  it('W2: is sent without words when a file comes with it', async () => {
    await send(
      { 'Content-Type': 'multipart/mixed; boundary=x' },
      `--x\nContent-Type: text/plain\n\n${quoted(notice.text)}\n--x\nContent-Type: application/pdf; name=a.pdf\n\nPDF\n--x--`,
    );

    expect((await latest())?.text).to.equal('');
    expect(await replies()).to.have.length(1);
  });

  it('W2: is sent without words when a picture stands above the notification', async () => {
    await send(
      { 'Content-Type': 'multipart/related; boundary=x' },
      `--x\nContent-Type: text/html\n\n<img src="cid:a@x">${body(notice.html)}\n--x\nContent-Type: image/png; name=a.png\nContent-ID: <a@x>\n\nPNG\n--x--`,
    );

    expect((await latest())?.html).to.equal('<img src="cid:a@x" />');
    expect(await replies()).to.have.length(1);
  });
});
