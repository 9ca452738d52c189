import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const proven = { 'Authentication-Results': 'mx.desk.example; dmarc=pass' };

describe('agents who work by mail', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  let ticketId: number;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    await inbox.addReceiver({ signs_addresses: true, authserv_ids: '["mx.desk.example"]' });
    ticketId = (await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }))).ticket_id ?? 0;
    const { number } = await inbox.ticket(ticketId);
    const body = new URLSearchParams({ assignee: String(inbox.desk.people.can.id) });
    await inbox.desk.fetch(`/desk/tickets/${number}/assignee`, { method: 'POST', body, as: 'ada' });
    await inbox.desk.settle();
  });
  afterEach(() => close());

  const toCan = (): readonly string[] => sink.mails.filter(({ to }) => to.includes('can@example.com')).map(({ raw }) => raw.toString());
  const answerAddress = (): string =>
    /^Reply-To: .*<(support\+a\S+)>/m.exec(toCan().findLast((text) => text.includes('+a')) ?? '')?.[1] ?? '';
  const fromCan = (headers: object, body: string) =>
    inbox.receive(
      mail({ From: 'Can <can@example.com>', Subject: 'Re: Printer', 'In-Reply-To': '<a@x.example>', ...headers }, body),
      'support@desk.example',
    );
  const replies = async () => (await inbox.outbox()).filter(({ kind }) => kind === 'reply');
  const ticket = () => inbox.desk.storage.read('tickets').where({ id: ticketId }).first();

  it('V4: believes the servers of the mailbox above foreign hops, and the topmost where they write no name', async () => {
    await fromCan({ Received: 'from evil by x', ...proven }, 'below a foreign hop');
    await fromCan({ 'Authentication-Results': 'evil.example; dmarc=pass' }, 'a foreign server');
    expect(await replies()).to.deep.equal([]);

    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ authserv_ids: '[]', trusts_topmost: true }));
    await fromCan({ 'Authentication-Results': 'spf=fail smtp.mailfrom=evil.example; dmarc=fail' }, 'topmost fails');
    expect(await replies()).to.deep.equal([]);
    await fromCan(
      { Received: 'from a by b', 'Authentication-Results': 'spf=pass smtp.mailfrom=example.com; dmarc=pass action=none' },
      'topmost passes',
    );
    expect(await replies()).to.have.length(1);
  });

  // The same hole elsewhere: NousResearch/hermes-agent PR 52801, itop mail-to-ticket #223.
  it('V5: without proof the words stay inside, flagged, and the agent is told', async () => {
    const row = await fromCan({}, 'Give her a refund.');

    const message = (await inbox.messages(ticketId)).at(-1);
    expect(row.ticket_id).to.equal(ticketId);
    expect([message?.direction, JSON.parse(message?.flags ?? '')]).to.deep.equal(['in', ['new-participant', 'unverified-agent']]);
    expect(await replies()).to.deep.equal([]);
    expect(toCan().filter((text) => /^Subject: Not sent: Re: Printer/m.test(text))).to.have.length(1);
  });

  it('V5: the address in a notification lets its agent answer without any proof, on that ticket alone', async () => {
    const address = answerAddress();
    expect(address).to.match(/^support\+a[0-9a-z]+-[0-9a-z]+\.[0-9a-f]{20}@desk\.example$/);

    await fromCan({ To: address, 'In-Reply-To': undefined, Subject: 'whatever' }, 'It is out.');

    expect((await inbox.messages(ticketId)).at(-1)).to.include({
      direction: 'out',
      text: 'It is out.',
      author_id: inbox.desk.people.can.id,
    });
    expect(await replies()).to.have.length(1);
  });

  it('V5: a changed address, another sender or a failed DMARC check is refused (freescout#5643)', async () => {
    const address = answerAddress();
    const forged = address.replace(/\.([0-9a-f])/, (_whole, digit: string) => `.${digit === 'a' ? 'b' : 'a'}`);
    const other = address.replace(/-[0-9a-z]+\./, `-${inbox.desk.people.ada.id.toString(36)}.`);

    await fromCan({ To: forged }, 'one');
    await fromCan({ To: other, From: 'ada@example.com' }, 'two');
    await inbox.receive(mail({ To: address, From: 'eve@evil.example' }, 'three'), 'support@desk.example');
    await fromCan({ To: address, 'Authentication-Results': 'mx.desk.example; dmarc=fail' }, 'four');

    expect(await replies()).to.deep.equal([]);
    expect((await inbox.messages(ticketId)).every(({ direction }) => direction === 'in')).to.equal(true);
  });

  it('V5: an agent who lost access is refused with the reason', async () => {
    const address = answerAddress();
    await inbox.desk.storage.writeTx((tx) => tx('users').where({ id: inbox.desk.people.can.id }).update({ is_active: false }));

    await fromCan({ To: address, ...proven }, 'It is out.');

    expect(await replies()).to.deep.equal([]);
    expect(toCan().join('\n').replaceAll('=\r\n', '')).to.include('you may not reply to this ticket any more');
  });

  // Also OT #4607, #2242, #5408; frappe/helpdesk#3092: the customer never got it.
  it('W2: carries out the commands of the first lines and sends the rest (OT #2853)', async () => {
    await fromCan({ ...proven }, '@close @tag billing\n@tag vip, old\n@assign ada\n\nIt is out.\n@close is what I typed above.');
    await inbox.desk.settle();

    const message = (await inbox.messages(ticketId)).at(-1);
    expect(message).to.include({ kind: 'reply', direction: 'out', text: 'It is out.\n@close is what I typed above.' });
    expect(await ticket()).to.include({ category: 'solved', assignee_id: inbox.desk.people.ada.id });
    expect(
      await inbox.desk.storage
        .read('ticket_tags')
        .join('tags', 'tags.id', 'tag_id')
        .where({ ticket_id: ticketId })
        .orderBy('name')
        .pluck('name'),
    ).to.deep.equal(['billing', 'old', 'vip']);
    expect((await replies()).map(({ state }) => state)).to.deep.equal(['sent']);
  });

  it('W2: an answer goes to everybody in copy of the last public message, a note to nobody', async () => {
    await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', Cc: 'Boss <boss@customer.example>' }, 'My boss reads along.'));

    await fromCan({ ...proven }, '@note Careful.');
    await fromCan({ ...proven }, 'It is out.');
    await fromCan({ ...proven }, 'And back in.');

    const copies = (await replies()).map(({ envelope }) => JSON.parse(envelope).cc);
    expect(copies).to.deep.equal(Array.from({ length: 2 }, () => [{ name: 'Boss', email: 'boss@customer.example' }]));
  });

  it('W2: an answer names nobody whom only a stranger put in copy', async () => {
    await inbox.receive(mail({ From: 'eve@evil.example', 'In-Reply-To': '<a@x.example>', Cc: 'spy@evil.example' }, 'Me too.'));

    await fromCan({ ...proven }, 'It is out.');

    expect((await replies()).map(({ envelope }) => JSON.parse(envelope).cc)).to.deep.equal([[]]);
  });

  it('W2: @note stays inside, and the mailbox can make every answer a note', async () => {
    await fromCan({ ...proven }, '@note She called.');
    await inbox.desk.app.desk.settings.set('email-inbox', { agentReplies: 'note' }, { kind: 'mailbox', id: inbox.mailboxId });
    await fromCan({ ...proven }, 'Also a note.');

    expect((await inbox.messages(ticketId)).slice(-2).map(({ kind, text }) => [kind, text])).to.deep.equal([
      ['note', 'She called.'],
      ['note', 'Also a note.'],
    ]);
    expect(await replies()).to.deep.equal([]);
  });

  it('W2: commands alone change the ticket and make no message', async () => {
    const before = (await inbox.messages(ticketId)).length;

    const row = await fromCan({ ...proven }, '@pending\n@assign me');
    await inbox.desk.settle();

    expect(row).to.include({ state: 'processed', kind: 'command', message_id: null });
    expect(await ticket()).to.include({ category: 'waiting', assignee_id: inbox.desk.people.can.id });
    expect(await inbox.messages(ticketId)).to.have.length(before);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });

  for (const [command, reason] of [
    ['@clsoe', '“@clsoe” is not known'],
    ['@assign nobody', 'no agent named “nobody”'],
  ] as const)
    it(`W2: ${command} is mailed back with the text, and nothing is sent`, async () => {
      const before = await inbox.messages(ticketId);

      const row = await fromCan({ ...proven }, `${command}\n\nA long answer that must not be lost.`);

      expect(row.state).to.equal('ignored');
      expect(await inbox.messages(ticketId)).to.have.length(before.length);
      expect(await replies()).to.deep.equal([]);
      const back = (await inbox.outbox()).at(-1) as unknown as { text: string };
      expect(back.text).to.include(reason).and.to.include('A long answer that must not be lost.');
    });

  it('W2: what the desk or a plugin refuses is mailed back with the reason and the text, and nothing is sent (FS #4044)', async () => {
    inbox.desk.app.desk.hooks.forPlugin('core', 0).decide('ticket.close', () => ({ reason: 'The checklist is not done.' }));
    const before = (await inbox.messages(ticketId)).length;

    const answered = await fromCan({ ...proven }, '@close\n\nA long answer.');
    const ordered = await fromCan({ ...proven }, '@close');
    await inbox.desk.storage.writeTx(async (tx) => {
      const role = {
        key: 'limited',
        name: 'Limited',
        kind: 'agent',
        permissions: '["tickets.view","tickets.reply"]',
        created_at: 0,
        updated_at: 0,
      };
      const [{ id }] = await tx('roles').insert(role).returning('id');
      await tx('users').where({ id: inbox.desk.people.can.id }).update({ role_id: id });
    });
    const edited = await fromCan({ ...proven }, '@tag billing\n\nAnother answer.');

    expect([answered, ordered, edited].map(({ state, attempts }) => [state, attempts])).to.deep.equal(
      Array.from({ length: 3 }, () => ['ignored', 0]),
    );
    expect(await inbox.messages(ticketId)).to.have.length(before);
    const told = (await inbox.outbox()).slice(-3) as unknown as { text: string }[];
    expect(told[0]?.text).to.include('The checklist is not done.').and.include('A long answer.');
    expect(told[1]?.text).to.include('The checklist is not done.');
    expect(told[2]?.text).to.include('Nothing was sent or changed').and.include('Another answer.');
  });

  it('W2: commands in a mail of a customer are text', async () => {
    await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }, '@close\nPlease'));

    expect((await inbox.messages(ticketId)).at(-1)?.text).to.equal('@close\nPlease');
    expect((await ticket()).category).to.equal('open');
  });

  const inner = 'My printer is broken.\n\nDeniz';
  const blocks: Readonly<Record<string, string>> = {
    Gmail: `---------- Forwarded message ---------\nFrom: Deniz Ak <deniz@customer.example>\nDate: Mon, Jan 5, 2026 at 8:00 AM\nSubject: Broken\nTo: Can <can@example.com>\n\n${inner}`,
    Outlook: `________________________________\nFrom: Deniz Ak <deniz@customer.example>\nSent: Monday, January 5, 2026 8:00 AM\nTo: Can <can@example.com>\nSubject: Broken\n\n${inner}`,
    'German Outlook': `Von: Deniz Ak <deniz@customer.example>\nGesendet: Montag, 5. Januar 2026 08:00\nAn: Can <can@example.com>\nBetreff: Broken\n\n${inner}`,
    Apple: `Begin forwarded message:\n\n> From: Deniz Ak <deniz@customer.example>\n> Subject: Broken\n> Date: 5 January 2026 at 08:00:00\n> To: Can <can@example.com>\n>\n> ${inner.replaceAll('\n', '\n> ')}`,
    Thunderbird: `-------- Forwarded Message --------\nSubject: Broken\nDate: Mon, 5 Jan 2026 08:00:00 +0000\nFrom: Deniz Ak <deniz@customer.example>\nTo: Can <can@example.com>\n\n${inner}`,
    'T-Online': `----- Original Nachricht ----\nVon: Deniz Ak <deniz@customer.example>\nAn: Can <can@example.com>\nDatum: 05.01.2026 08:00\nBetreff: Broken\n\n${inner}`,
  };
  const requesterOf = async (id: number | null): Promise<string> => {
    const { requester_id: requester } = await inbox.ticket(id);
    return (await inbox.desk.storage.read('user_emails').where({ user_id: requester }).first()).email_key;
  };
  for (const [program, block] of Object.entries(blocks))
    it(`W1: takes a mail forwarded by ${program} for that of its writer`, async () => {
      const row = await fromCan({ ...proven, Subject: 'Fwd: Broken', 'In-Reply-To': undefined }, `Please take this one.\n\n${block}`);
      await inbox.desk.settle();

      const messages = await inbox.messages(row.ticket_id ?? 0);
      expect(await requesterOf(row.ticket_id)).to.equal('deniz@customer.example');
      expect(messages[0]?.text).to.include('My printer is broken.').and.not.include('take this one');
      expect(messages[1]).to.include({ kind: 'note', text: 'Please take this one.' });
      expect((await inbox.outbox()).filter(({ kind, envelope }) => kind === 'acknowledgement' && envelope.includes('deniz'))).to.deep.equal(
        [],
      );
    });

  // Also FS #2517, zammad#1596, #1065, #1278, OT #3032, #3488.
  it('W1: takes an attached message, and @fwd in the first line (FS #5480)', async () => {
    const attached = await fromCan(
      { ...proven, Subject: 'Fwd: Broken', 'In-Reply-To': undefined, 'Content-Type': 'multipart/mixed; boundary=x' },
      `--x\nContent-Type: text/plain\n\nFor you. Write to boss@example.com.\n--x\nContent-Type: message/rfc822\n\nFrom: Deniz <deniz@customer.example>\nTo: can@example.com\nSubject: Broken\n\n${inner}\n--x--`,
    );
    const marked = await fromCan({ ...proven, Subject: 'Broken', 'In-Reply-To': undefined }, `@fwd\nNote.\n\n${blocks['Gmail'] ?? ''}`);

    expect(await requesterOf(attached.ticket_id)).to.equal('deniz@customer.example');
    expect((await inbox.messages(attached.ticket_id ?? 0))[0]?.text).to.include('My printer is broken.');
    expect(await requesterOf(marked.ticket_id)).to.equal('deniz@customer.example');
  });

  it('W1: a forward of a mail that the desk knows is a note on its ticket, whole, and goes to nobody (FS #2672)', async () => {
    await fromCan({ ...proven, Subject: 'Fwd: Printer' }, `Please handle this one.\n\n${blocks['Gmail'] ?? ''}`);
    await fromCan({ ...proven, Subject: 'Fwd: Printer' }, blocks['Gmail'] ?? '');
    await fromCan({ ...proven }, `@fwd\nFor the record.\n\n${blocks['Gmail'] ?? ''}`);

    const notes = (await inbox.messages(ticketId)).slice(-3);
    expect(notes.map(({ kind }) => kind)).to.deep.equal(['note', 'note', 'note']);
    expect(notes[0]?.text).to.include('Please handle this one.').and.include('My printer is broken.');
    expect(notes[1]?.text).to.include('My printer is broken.');
    expect(notes[2]?.text).to.include('For the record.').and.not.include('@fwd');
    expect(await replies()).to.deep.equal([]);
  });

  it('W1: a forward of somebody who only claims to be an agent is a mail of its own', async () => {
    const row = await fromCan({ Subject: 'Fwd: Broken', 'In-Reply-To': undefined }, blocks['Gmail'] ?? '');

    expect(await requesterOf(row.ticket_id)).to.equal('can@example.com');
  });

  it('W1: a forward without a header block asks on the desk who the customer is', async () => {
    const row = await fromCan({ ...proven, Subject: 'Fwd: Broken', 'In-Reply-To': undefined }, 'Somebody wrote that it is broken.');
    const { number } = await inbox.ticket(row.ticket_id);
    const page = await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'ada' })).text();
    const action = /action="(\/desk\/p\/email-inbox\/tickets\/\d+\/customer)"/.exec(page)?.[1] ?? '';

    await inbox.desk.fetch(action, {
      method: 'POST',
      body: new URLSearchParams({ email: 'deniz@customer.example', name: 'Deniz' }),
      as: 'ada',
    });

    expect(await requesterOf(row.ticket_id)).to.equal('deniz@customer.example');
    expect(await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'ada' })).text()).to.not.include('email-inbox/tickets');
  });

  it('speaks Turkish to an agent who reads Turkish', async () => {
    await inbox.desk.storage.writeTx((tx) => tx('users').where({ id: inbox.desk.people.can.id }).update({ locale: 'tr' }));

    await fromCan({ ...proven }, '@kapat\n\nTamam.');

    const back = (await inbox.outbox()).at(-1) as unknown as { subject: string; text: string };
    expect(back.subject).to.equal('Gönderilmedi: Re: Printer');
    expect(back.text).to.include('“@kapat” bilinmiyor');
  });
});
