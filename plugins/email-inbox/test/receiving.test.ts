import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('receiving a mail', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  it('P1: opens a ticket with sender, text and the original byte for byte', async () => {
    const raw = mail(
      { 'Message-ID': '<first@customer.example>', Cc: 'Deniz <deniz@customer.example>' },
      'The printer is on fire.\n\n-- \nMina',
    );

    const row = await inbox.receive(raw);

    const ticket = await inbox.ticket(row.ticket_id);
    const [message] = await inbox.messages(ticket.id);
    expect(row).to.include({ state: 'processed', kind: 'human', message_id: message?.id });
    expect(ticket).to.include({ subject: 'Printer', category: 'open', requester_id: inbox.desk.people.mina.id });
    expect(message?.text).to.equal('The printer is on fire.\n\n-- \nMina');
    expect(JSON.parse(message?.folds ?? '')).to.deep.equal({ signature: [25, 33] });
    expect(JSON.parse(message?.addresses ?? '')).to.deep.include({ cc: [{ name: 'Deniz', email: 'deniz@customer.example' }] });
    const original = await inbox.desk.fetch(`/desk/p/email-inbox/messages/${message?.id}/raw`, { as: 'can' });
    expect(Buffer.from(await original.arrayBuffer()).equals(Buffer.from(raw))).to.equal(true);
    expect((await inbox.desk.fetch(`/desk/p/email-inbox/messages/${message?.id}/raw`, { as: 'mina' })).status).to.equal(403);
  });

  // Answers that needed the subject tag: zammad#799, #5287.
  it("T2: appends an answer to the customer's own mail, also by a person in Cc (freescout#2086)", async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@customer.example>', Cc: 'deniz@customer.example' }));

    const second = await inbox.receive(
      mail({ From: 'deniz@customer.example', 'In-Reply-To': '<a@customer.example>', Subject: 'Re: Printer' }, 'Mine too'),
    );
    const third = await inbox.receive(mail({ From: 'stranger@evil.example', References: '<unknown@x> <a@customer.example>' }, 'And mine'));

    expect([second.ticket_id, third.ticket_id]).to.deep.equal([first.ticket_id, first.ticket_id]);
    const flags = (await inbox.messages(first.ticket_id ?? 0)).map((one) => JSON.parse(one.flags));
    expect(flags).to.deep.equal([[], [], ['new-participant']]);
    expect((await inbox.ticket(first.ticket_id)).requester_id).to.equal(inbox.desk.people.mina.id);
  });

  it('T2b: joins two answers to a mail that never came here, when the same people write (zammad#5716)', async () => {
    const first = await inbox.receive(mail({ References: '<never-seen@x.example>', Cc: 'deniz@x.example' }));

    const sibling = await inbox.receive(mail({ From: 'deniz@x.example', References: '<never-seen@x.example>' }));
    const stranger = await inbox.receive(mail({ From: 'eve@evil.example', References: '<never-seen@x.example>' }));

    expect(sibling.ticket_id).to.equal(first.ticket_id);
    expect(stranger.ticket_id).to.not.equal(first.ticket_id);
  });

  it('T1, T2: does not thread by a token or an id that only looks like ours (GHSA-6r38-6mcf-2ww3)', async () => {
    const first = await inbox.receive(mail({}));

    const row = await inbox.receive(
      mail({
        From: 'eve@evil.example',
        'In-Reply-To': `<${first.ticket_id}.0123456789abcdef@desk.example>`,
        To: `support+t${Number(first.ticket_id).toString(36)}.aaaaaaaaaaaaaaaa@desk.example`,
      }),
      'support@desk.example',
    );

    expect(row.ticket_id).to.not.equal(first.ticket_id);
  });

  // Also open: zammad#5064.
  it('T4: joins by the number in the subject only for participants, and links for others (zammad#2444)', async () => {
    const first = await inbox.receive(mail({}));
    const { number } = await inbox.ticket(first.ticket_id);

    const own = await inbox.receive(mail({ Subject: `Printer [#${number}]` }, 'More'));
    const foreign = await inbox.receive(mail({ From: 'eve@evil.example', Subject: `[#${number}] your account` }));

    expect(own.ticket_id).to.equal(first.ticket_id);
    expect(foreign.ticket_id).to.not.equal(first.ticket_id);
    expect(await inbox.desk.storage.read('ticket_links').select('ticket_id', 'other_id')).to.deep.equal([
      { ticket_id: first.ticket_id, other_id: foreign.ticket_id },
    ]);
  });

  // Also zammad#983, #1929 (the answer went to another customer), glpi#8842.
  it('T8: follows merges to the end of the chain (zammad#377, frappe/helpdesk#2539)', async () => {
    const one = await inbox.receive(mail({ 'Message-ID': '<one@x.example>' }));
    const two = await inbox.receive(mail({ 'Message-ID': '<two@x.example>' }));
    const three = await inbox.receive(mail({ 'Message-ID': '<three@x.example>' }));
    await inbox.desk.as('can').merge(one.ticket_id ?? 0, two.ticket_id ?? 0);
    await inbox.desk.as('can').merge(two.ticket_id ?? 0, three.ticket_id ?? 0);

    const answer = await inbox.receive(mail({ 'In-Reply-To': '<one@x.example>' }));

    expect(answer.ticket_id).to.equal(three.ticket_id);
  });

  it('T8: stands no chain of merges that leads round in a circle', async () => {
    const one = await inbox.receive(mail({ 'Message-ID': '<one@x.example>' }));
    const two = await inbox.receive(mail({ 'Message-ID': '<two@x.example>' }));
    await inbox.desk.as('can').merge(one.ticket_id ?? 0, two.ticket_id ?? 0);
    await inbox.desk.storage.writeTx((tx) => tx('tickets').where({ id: two.ticket_id }).update({ merged_into_id: one.ticket_id }));

    const answer = await inbox.receive(mail({ 'In-Reply-To': '<one@x.example>' }));

    expect(answer).to.include({ state: 'processed', attempts: 0 });
  });

  it('R2: folds a quote above its answer, with the signature below, and shows answers between quotes in their place', async () => {
    const attribution = 'On Mon, Jan 5, 2026 at 9:00 AM Support wrote:';
    const { ticket_id: ticketId } = await inbox.receive(mail({}, `${attribution}\n> Is it out?\n\nYes, it is.\n\n-- \nMina`));
    await inbox.receive(mail({ 'In-Reply-To': '<none@x.example>' }, `${attribution}\n> One?\n> Two?\n\nYes.\n\n> Three?\n> Four?\n\nNo.`));
    const { number } = await inbox.ticket(ticketId);
    const page = async (of: number) =>
      (await (await inbox.desk.fetch(`/desk/tickets/${of}`, { as: 'ada' })).text()).replaceAll(/\s+/g, ' ');

    expect(await page(number)).to.match(
      /<details class="quote">.*Is it out\?.*<\/details>.*Yes, it is\..*<details class="quote">.*Mina.*<\/details>/,
    );
    expect(await page(number + 1)).to.match(
      /<details class="quote">.*One\?.*<\/details>.*Yes\..*<details class="quote">.*Three\?.*<\/details>.*No\./,
    );
  });

  // Also freescout#2197.
  it('R1: folds the quoted history and keeps it (freescout#5624)', async () => {
    const row = await inbox.receive(
      mail(
        { 'Content-Type': 'text/html; charset=utf-8' },
        '<p>It burns <b>again</b>.</p><script>alert(1)</script><div class="gmail_quote"><p>On Monday Can wrote:</p><blockquote>Is it out?</blockquote></div>',
      ),
    );

    const [message] = await inbox.messages(row.ticket_id ?? 0);

    expect(message?.html).to.match(/^<p>It burns <b>again<\/b>\.<\/p><div data-quote(?:="")?>.*Is it out\?.*<\/div>$/s);
    expect(message?.html).to.not.include('alert');
  });

  it('R2: stores an HTML mail whole and shows the answers between its quotes in their place', async () => {
    const attribution = '<div class="gmail_attr">On 2 Nov 2026 at 10:00, Can wrote:</div>';
    const gmail = `<div>Hi.</div><div class="gmail_quote">${attribution}<blockquote class="gmail_quote">One?</blockquote><div>Yes.</div><blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div>`;
    const row = await inbox.receive(mail({ 'Content-Type': 'text/html; charset=utf-8' }, gmail));
    const { number } = await inbox.ticket(row.ticket_id);

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    const page = await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'ada' })).text();

    expect(message?.html?.match(/<div data-quote|One|Yes|Two|No\b/g)).to.deep.equal([
      '<div data-quote',
      'One',
      'Yes',
      '<div data-quote',
      'Two',
      'No',
    ]);
    expect(page.match(/<details class="quote"|<\/details>|One\?|Yes\.|Two\?|No\./g)?.join(' ')).to.include(
      '<details class="quote" One? </details> Yes. <details class="quote" Two? </details> No.',
    );
  });

  it('S2: folds nothing because the mail says so', async () => {
    const row = await inbox.receive(mail({ 'Content-Type': 'text/html' }, '<p>Hello</p><p DATA-QUOTE="">I agree to the price.</p>'));

    expect((await inbox.messages(row.ticket_id ?? 0))[0]?.html).to.equal('<p>Hello</p><p>I agree to the price.</p>');
  });

  it('S3: shows a picture that the text names nowhere as a file', async () => {
    const { ticket_id: ticketId } = await inbox.receive(
      mail(
        { 'Content-Type': 'multipart/related; boundary=x' },
        '--x\nContent-Type: text/html\n\n<p>See <img src="cid:shown"></p>\n--x\nContent-Type: image/png\nContent-ID: <shown>\nContent-Disposition: inline; filename=shown.png\n\nabc\n--x\nContent-Type: image/png\nContent-ID: <loose>\nContent-Disposition: inline; filename=loose.png\n\nabc\n--x--',
      ),
    );

    const parts = await inbox.desk.storage.read('attachments').orderBy('id').select('content_id', 'is_inline');
    const { number } = await inbox.ticket(ticketId);
    const page = await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text();
    expect(parts.map((one) => [one.content_id, Boolean(one.is_inline)])).to.deep.equal([
      ['shown', true],
      ['loose', false],
    ]);
    expect(page).to.include('loose.png').and.not.include('shown.png');
  });

  it('S3: takes no file of the desk because a mail names its address', async () => {
    const secret = await inbox.desk.as('can').upload({ name: 'salaries.png', contentType: 'image/png', content: Buffer.from('secret') });

    const row = await inbox.receive(mail({ 'Content-Type': 'text/html' }, `<p>Look</p><img src="/files/${secret}">`));

    expect(await inbox.desk.storage.read('attachments').where({ message_id: row.message_id })).to.deep.equal([]);
  });

  it('L2: drops and counts its own mail', async () => {
    const row = await inbox.receive(mail({ From: 'support@desk.example' }), 'support@desk.example');

    expect(row).to.include({ state: 'ignored', kind: 'own-address', ticket_id: null });
    expect(await inbox.desk.storage.read('tickets')).to.deep.equal([]);
  });

  it('V1: opens a ticket without an answerable sender and never writes there', async () => {
    const row = await inbox.receive(mail({ From: undefined }));

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(JSON.parse(message?.flags ?? '')).to.deep.equal(['unknown-sender']);
    await inbox.desk.as('can').reply(row.ticket_id ?? 0, { kind: 'reply', text: 'Who are you?' });
    await inbox.desk.settle();
    expect((await inbox.outbox()).map(({ state }) => state)).to.satisfy((states: string[]) => states.every((state) => state === 'failed'));
  });

  it('puts mail of blocked senders into spam', async () => {
    await inbox.desk.app.desk.settings.set('email-inbox', { blockedSenders: ['evil.example'] });

    const row = await inbox.receive(mail({ From: 'eve@mail.evil.example' }));

    expect((await inbox.ticket(row.ticket_id)).place).to.equal('spam');
    expect(await inbox.outbox()).to.deep.equal([]);
  });

  it('lets plugins shape and refuse mail', async () => {
    const { hooks } = inbox.desk.app.desk;
    const plugin = hooks.forPlugin('core', 0);
    plugin.filter('mail.incoming', (given) => ({ ...given, subject: `[ext] ${given.subject}`, tags: ['external'] }));
    plugin.decide('mail.accept', ({ mail: given }) =>
      given.from?.email === 'eve@evil.example' ? { action: 'ignore', reason: 'Eve.' } : undefined,
    );

    const taken = await inbox.receive(mail({}));
    const refused = await inbox.receive(mail({ From: 'eve@evil.example' }));

    expect((await inbox.ticket(taken.ticket_id)).subject).to.equal('[ext] Printer');
    expect(refused).to.include({ state: 'ignored', reason: 'Eve.', ticket_id: null });
  });

  it('C3: files mail of every shape with something to read (zammad#3019)', async () => {
    const winmail = await inbox.receive(
      mail(
        { 'Content-Type': 'multipart/mixed; boundary=x' },
        '--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment\n\nabc\n--x--',
      ),
    );
    const empty = await inbox.receive(mail({ Subject: undefined }, ''));
    const nul = await inbox.receive(mail({ Subject: 'a\0b' }, 'x\0y'));

    expect([winmail.state, empty.state, nul.state]).to.deep.equal(['processed', 'processed', 'processed']);
    expect((await inbox.messages(empty.ticket_id ?? 0)).map(({ text }) => text)).to.deep.equal(['–']);
    expect(await inbox.desk.storage.read('files').pluck('name')).to.deep.equal(['attachment.bin']);
  });

  it('keeps every invariant that doctor checks', async () => {
    await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }));
    await inbox.receive(mail({ From: 'support@desk.example' }), 'support@desk.example');

    const violations = await Promise.all(inbox.desk.app.plugins.snapshot.all('doctor').map(({ value }) => value.check()));
    expect(violations.flat()).to.deep.equal([]);

    await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ kind: 'human' }).update({ message_id: null }));
    const found = await Promise.all(inbox.desk.app.plugins.snapshot.all('doctor').map(({ value }) => value.check()));
    expect(found.flat()).to.have.length(2);
  });
});
