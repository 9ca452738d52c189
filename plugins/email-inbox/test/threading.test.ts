import { expect } from 'chai';
import { createInbox, mail, type Inbox, type MailRow } from './support/inbox.ts';

const day = 86_400_000;

describe('why a mail is where it is', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  const decisionOf = async ({ id }: MailRow): Promise<{ reason: string; steps: { rule: string; outcome: string; refusal?: string }[] }> =>
    JSON.parse((await inbox.desk.storage.read('p_email_mails').where({ id }).first('thread')).thread);
  const page = async (ticketId: number | null): Promise<string> => {
    const { number } = await inbox.ticket(ticketId);
    return (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text();
  };
  const correct = (messageId: number | null, verb: string, fields: Record<string, string> = {}) =>
    inbox.desk.fetch(`/desk/p/email-inbox/messages/${messageId}/${verb}`, {
      method: 'POST',
      as: 'can',
      body: new URLSearchParams(fields),
    });

  it('T2: keeps what was considered with the mail and shows it on the message', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    const { number } = await inbox.ticket(first.ticket_id);

    const second = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', Subject: `Re: Printer [#${number}]` }));

    expect(await decisionOf(first)).to.deep.equal({ reason: 'new', steps: [] });
    expect(await decisionOf(second)).to.deep.equal({
      reason: 'reply-id',
      ticketId: first.ticket_id,
      steps: [
        { rule: 'reply-id', evidence: '<a@x.example>', ticketId: first.ticket_id, outcome: 'chosen' },
        { rule: 'subject-number', evidence: `[#${number}]`, ticketId: first.ticket_id, outcome: 'hint' },
      ],
    });
    const html = await page(first.ticket_id);
    expect(html.match(/Why is this here\?/g)).to.have.lengthOf(2);
    expect(html).to.contain('&lt;a@x.example&gt;');
  });

  it('T1: says that a forged reply address was not believed', async () => {
    const row = await inbox.receive(mail({ To: 'support+t1.aaaaaaaaaaaaaaaa@desk.example' }), 'support@desk.example');

    expect((await decisionOf(row)).steps).to.deep.include({
      rule: 'token',
      evidence: 'support+t1.aaaaaaaaaaaaaaaa@desk.example',
      outcome: 'refused',
      refusal: 'forged',
    });
  });

  it('T1: takes no notice of plus addresses that are not ours, in whatever case', async () => {
    const row = await inbox.receive(mail({ Cc: 'max+todo@gmail.example, Max+T1.ABCDEFGHIJKLMNOP@gmail.example' }));

    expect((await decisionOf(row)).steps).to.deep.equal([]);
  });

  it('T3: keeps the marks by which other desks find their own tickets (zammad#1134)', async () => {
    const row = await inbox.receive(mail({}, 'It smokes. [ref:00D5Y1._5005Y2:ref]\n\n##- Ticket-Id: 4711 -##'));

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(message?.text).to.include('[ref:00D5Y1._5005Y2:ref]').and.include('4711');
  });

  it('T4: reads every number in the subject: that of another desk in front does not hide ours', async () => {
    const other = await inbox.receive(mail({ From: 'eve@evil.example', Subject: 'Another' }));
    const first = await inbox.receive(mail({}));
    const [foreign, own] = [await inbox.ticket(other.ticket_id), await inbox.ticket(first.ticket_id)];

    const row = await inbox.receive(mail({ Subject: `[#${foreign.number}] Re: Printer [#${own.number}]` }));

    expect(row.ticket_id).to.equal(first.ticket_id);
  });

  it('T3: finds a ticket by the id that a server rewrote (chatmail/core PR 2250)', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<old@x.example>' }));

    const row = await inbox.receive(mail({ 'X-Microsoft-Original-Message-ID': '<old@x.example>', Subject: 'Re: Printer' }));

    expect(row.ticket_id).to.equal(first.ticket_id);
    expect((await decisionOf(row)).reason).to.equal('rewritten-id');
  });

  it('T4: does not join by a number after half a year, and says why (osTicket class.thread.php:1510)', async () => {
    const first = await inbox.receive(mail({}));
    const { number } = await inbox.ticket(first.ticket_id);
    inbox.desk.clock.advance(181 * day);

    const late = await inbox.receive(mail({ Subject: `[#${number}] Printer` }));

    expect(late.ticket_id).to.not.equal(first.ticket_id);
    expect(await decisionOf(late)).to.deep.include({ reason: 'related', ticketId: first.ticket_id });
    expect((await decisionOf(late)).steps[0]).to.include({ refusal: 'old' });
  });

  it('T5: believes an Outlook conversation only with the same people and subject (FS #4922)', async () => {
    const index = Buffer.alloc(22, 7).toString('base64');
    const first = await inbox.receive(mail({ 'Thread-Index': index, Subject: 'Printer' }));

    const same = await inbox.receive(mail({ 'Thread-Index': index, Subject: 'AW: Printer' }));
    const otherSubject = await inbox.receive(mail({ 'Thread-Index': index, Subject: 'Scanner' }));
    const otherPerson = await inbox.receive(mail({ 'Thread-Index': index, From: 'eve@evil.example', Subject: 'Re: Printer' }));

    expect(same.ticket_id).to.equal(first.ticket_id);
    expect((await decisionOf(same)).reason).to.equal('thread-index');
    expect([otherSubject.ticket_id, otherPerson.ticket_id]).to.not.include(first.ticket_id);
  });

  // Also FS #4515.
  it('T6: opens a new ticket for a mail forwarded from another mailbox (FS PR 5517)', async () => {
    await inbox.addMailbox('sales@desk.example');
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>', To: 'sales@desk.example' }), 'sales@desk.example');

    const row = await inbox.receive(mail({ References: '<a@x.example>', Subject: 'WG: Printer' }), 'support@desk.example');

    expect(row.ticket_id).to.not.equal(first.ticket_id);
    expect((await decisionOf(row)).steps[0]).to.include({ outcome: 'refused', refusal: 'forward' });
  });

  it('T7: says that a ticket was closed too long ago', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
    inbox.desk.clock.advance(20 * day);

    const late = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }));

    expect(await decisionOf(late)).to.deep.include({ reason: 'related', ticketId: first.ticket_id });
    expect((await decisionOf(late)).steps[0]).to.include({ refusal: 'closed' });
    expect(await page(late.ticket_id)).to.contain('that ticket was closed too long ago');
  });

  it('T9, T10: never changes the requester by mail, and marks a new participant (GHSA-j49f-9g94-3wh4)', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));

    await inbox.receive(mail({ From: 'stranger@evil.example', 'In-Reply-To': '<a@x.example>' }));

    expect((await inbox.ticket(first.ticket_id)).requester_id).to.equal(inbox.desk.people.mina.id);
    const [, second] = await inbox.messages(first.ticket_id ?? 0);
    expect(JSON.parse(second?.flags ?? '')).to.deep.equal(['new-participant']);
    expect(JSON.parse(second?.addresses ?? '').cc).to.deep.equal([]);
    expect((await inbox.outbox()).filter(({ envelope }) => envelope.includes('evil.example'))).to.deep.equal([]);
  });

  it('splits a wrongly joined mail into a new ticket, remembers that for the pair, and forgets it again', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }, 'The printer burns'));
    const wrong = await inbox.receive(mail({ From: 'bo@x.example', References: '<a@x.example>', Subject: 'Scanner' }, 'The scanner hums'));
    expect(wrong.ticket_id).to.equal(first.ticket_id);

    const answer = await correct(wrong.message_id, 'split');

    expect(answer.status).to.equal(303);
    const [moved] = await inbox.desk.storage.read('messages').where({ id: wrong.message_id });
    expect(moved.ticket_id).to.not.equal(first.ticket_id);
    expect((await inbox.ticket(first.ticket_id)).message_count).to.equal(1);
    expect(await inbox.ticket(moved.ticket_id)).to.include({ message_count: 1, subject: 'Scanner' });
    expect(await page(moved.ticket_id)).to.contain('It was moved since.');

    const next = await inbox.receive(mail({ From: 'bo@x.example', References: '<a@x.example>', Subject: 'Scanner' }, 'Still hums'));
    expect(next.ticket_id).to.equal(moved.ticket_id);
    expect((await decisionOf(next)).reason).to.equal('memory');
    const other = await inbox.receive(mail({ References: '<a@x.example>' }, 'Still burns'));
    expect(other.ticket_id).to.equal(first.ticket_id);

    const list = await (await inbox.desk.fetch('/desk/p/email-inbox/corrections', { as: 'can' })).text();
    expect(list).to.contain('bo@x.example');
    const forget = /action="(\/desk\/p\/email-inbox\/corrections\/\d+\/forget)"/.exec(list)?.[1] ?? '';
    expect((await inbox.desk.fetch(forget, { method: 'POST', as: 'can' })).status).to.equal(303);
    const forgotten = await inbox.receive(mail({ From: 'bo@x.example', References: '<a@x.example>' }, 'And again'));
    expect(forgotten.ticket_id).to.equal(first.ticket_id);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });

  it('merges a mail that wrongly opened a ticket, and the next one with that subject goes there by itself', async () => {
    const first = await inbox.receive(mail({ Subject: 'Printer' }));
    const { number } = await inbox.ticket(first.ticket_id);
    const wrong = await inbox.receive(mail({ From: 'alarm@x.example', Subject: 'Disk full' }));

    expect((await correct(wrong.message_id, 'merge', { into: `#${number}` })).status).to.equal(303);

    const next = await inbox.receive(mail({ From: 'alarm@x.example', Subject: 'Re: Disk full' }));
    const unlike = await inbox.receive(mail({ From: 'alarm@x.example', Subject: 'Fan broken' }));
    expect(next.ticket_id).to.equal(first.ticket_id);
    expect(unlike.ticket_id).to.not.equal(first.ticket_id);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });

  it('moves one mail of several into another ticket', async () => {
    const target = await inbox.receive(mail({ Subject: 'Scanner' }));
    const { number } = await inbox.ticket(target.ticket_id);
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>', From: 'bo@x.example' }));
    const wrong = await inbox.receive(mail({ From: 'bo@x.example', References: '<a@x.example>' }));

    await correct(wrong.message_id, 'merge', { into: String(number) });

    expect((await inbox.messages(target.ticket_id ?? 0)).map(({ id }) => id)).to.include(wrong.message_id);
    expect((await inbox.messages(first.ticket_id ?? 0)).map(({ id }) => id)).to.deep.equal([first.message_id]);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });

  it('refuses to empty a ticket, to take an unknown number, and customers', async () => {
    const only = await inbox.receive(mail({}));

    expect((await correct(only.message_id, 'split')).status).to.equal(409);
    expect((await correct(only.message_id, 'merge', { into: '999' })).status).to.be.within(400, 499);
    const customer = await inbox.desk.fetch(`/desk/p/email-inbox/messages/${only.message_id}/split`, { method: 'POST', as: 'mina' });
    expect(customer.status).to.equal(403);
    expect((await inbox.ticket(only.ticket_id)).message_count).to.equal(1);
  });
});
