import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

describe('mail that is spam', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    await inbox.addMailbox('sales@desk.example', sink.port);
  });
  afterEach(() => close());

  const settings = (values: object): Promise<void> =>
    inbox.desk.app.desk.settings.set('email-inbox', { ...values }, { kind: 'mailbox', id: inbox.mailboxId });
  const sentTo = (address: string): readonly string[] =>
    sink.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => raw.toString());

  it('X1: headers of spam filters count only where the mailbox trusts them, and an allowed sender is never spam', async () => {
    const marks = [
      { 'X-Spam-Flag': 'YES' },
      { 'X-Spam-Status': 'Yes, score=9' },
      { 'X-Rspamd-Action': 'add header' },
      { 'X-Forefront-Antispam-Report': 'CIP:1;SFV:SPM;H:x' },
      { 'X-MS-Exchange-Organization-SCL': '6' },
    ];
    const placesOf = async (headers: object): Promise<string> =>
      (await inbox.ticket((await inbox.receive(mail({ From: 'eve@x.example', ...headers }))).ticket_id)).place;
    expect(await placesOf({ 'X-Spam-Flag': 'YES' })).to.equal('desk');
    await settings({ trustSpamHeaders: true, mailboxAllowed: ['good.example'] });

    for (const headers of marks) expect(await placesOf(headers), JSON.stringify(headers)).to.equal('spam');
    expect(await placesOf({ 'X-Spam-Flag': 'NO' })).to.equal('desk');
    expect(await placesOf({ 'X-Spam-Flag': 'YES', From: 'eve@mail.good.example' })).to.equal('desk');
    expect(await placesOf({ 'X-Spam-Flag': 'YES', To: 'sales@desk.example' })).to.equal('desk');
    // One acknowledgement of each mailbox, none for spam.
    expect(sentTo('eve@x.example')).to.have.length(2);
  });

  it('X1: spam joins no ticket of others, and what a filter marks of somebody who takes part is shown with its mark', async () => {
    await settings({ trustSpamHeaders: true, mailboxBlocked: ['evil.example'] });
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>', Cc: 'eve@evil.example' }));
    const answer = { 'In-Reply-To': '<a@x.example>', Subject: 'Re: Printer' };

    const listed = await inbox.receive(mail({ ...answer, From: 'eve@evil.example' }));
    const stranger = await inbox.receive(mail({ ...answer, From: 'joe@x.example', 'X-Spam-Flag': 'YES' }));
    const customer = await inbox.receive(mail({ ...answer, 'X-Spam-Flag': 'YES' }));

    expect(await Promise.all([listed, stranger].map(async (row) => (await inbox.ticket(row.ticket_id)).place))).to.deep.equal([
      'spam',
      'spam',
    ]);
    expect(customer.ticket_id).to.equal(ticketId);
    const { number } = await inbox.ticket(ticketId);
    expect(await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text()).to.include('Marked as spam');
  });

  it('X1: what the mailbox that it came in by says of a sender holds, whichever mailbox the sender named', async () => {
    await settings({ mailboxBlocked: ['eve@evil.example'], trustSpamHeaders: true });
    const named = { To: 'sales@desk.example' };
    await inbox.receive(mail({ ...named, From: 'eve@evil.example' }), 'support@desk.example');
    await inbox.receive(mail({ ...named, From: 'joe@x.example', 'X-Spam-Flag': 'YES' }), 'support@desk.example');
    await inbox.receive(mail({ ...named, From: 'joe@y.example', 'X-Spam-Flag': 'YES' }), 'sales@desk.example');

    expect(await inbox.desk.storage.read('tickets').orderBy('id').pluck('place')).to.deep.equal(['spam', 'spam', 'desk']);
  });

  it('X1: a later reply, by mail or in the portal, does not take a ticket out of spam (FS #5005, freescout#5045)', async () => {
    await settings({ mailboxBlocked: ['mina@example.com'] });
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));

    const second = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }, 'Hello?'));
    await inbox.desk.as('mina').reply(first.ticket_id ?? 0, { kind: 'reply', text: 'And here' });

    expect(second.ticket_id).to.equal(first.ticket_id);
    expect((await inbox.ticket(first.ticket_id)).place).to.equal('spam');
    expect(sentTo('mina@example.com')).to.deep.equal([]);
  });
});
