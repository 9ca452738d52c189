import { expect } from 'chai';
import { needsDovecot, startDovecot, startFaultySmtp, startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';
import { bounce } from './support/reports.ts';

describe('what the inbox adds to sending', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const textOf = (index: number): string => (sink.mails.at(index)?.raw.toString() ?? '').replace(/\r\n[ \t]+/g, ' ');

  it('O4: echoes Thread-Index and Thread-Topic of the mail it answers (FreeScout #4922)', async () => {
    await inbox.addReceiver();
    const index = Buffer.alloc(27, 7).toString('base64');
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Thread-Index': index, 'Thread-Topic': 'Printer' }));
    await inbox.answer(ticketId);

    expect(textOf(-1)).to.include(`Thread-Index: ${index}`).and.include('Thread-Topic: Printer');
  });

  it('T2: has an id that nobody can guess and that holds no number of a ticket', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const [first, second] = [await inbox.answer(ticketId), await inbox.answer(ticketId)];

    for (const { message_id: id } of [first, second]) expect(id).to.match(/^<[0-9a-f-]{36}\.[0-9a-f]{16}@desk\.example>$/);
    expect(first.message_id).to.not.equal(second.message_id);
    expect(textOf(-1)).to.include(`Message-ID: ${second.message_id}`);
  });

  it('O4: names the agent before the mailbox where the mailbox says so, under the address of the mailbox', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.answer(ticketId);
    const before = textOf(-1);
    await inbox.desk.app.desk.settings.set('tickets', { senderName: 'agent' }, { kind: 'mailbox', id: inbox.mailboxId });
    await inbox.answer(ticketId);

    expect(before).to.match(/^From: "?Support"? <support@desk\.example>\r?$/m);
    expect(textOf(-1)).to.match(/^From: "?Can [^<]*via Support"? <support@desk\.example>\r?$/m);
    expect(sink.mails.at(-1)?.from).to.equal('support@desk.example');
  });

  it('O4: answers a mail that the customer has, not one that an agent sent without proof', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.receive(mail({ From: 'can@example.com', 'Message-ID': '<b@agent.example>', 'In-Reply-To': '<a@x.example>' }));
    await inbox.answer(ticketId);

    expect(textOf(-1)).to.match(/^In-Reply-To: <a@x\.example>\r?$/m);
  });

  it('T3: knows an answer and a report by the id that Amazon SES put in the place of ours', async () => {
    const id = '0102018f2a6c1f3e-5b7a9c2d-1f2e-4a3b-9c8d-7e6f5a4b3c2d-000000';
    const amazon = await startSmtpSink({
      onData(stream, _session, done) {
        stream.resume().on('end', () => done(null, `Ok ${id}`));
      },
    });
    await inbox.addMailbox('ses@desk.example', amazon.port);
    const first = await inbox.receive(mail({ To: 'ses@desk.example', Precedence: 'list' }), 'ses@desk.example');
    const sent = await inbox.answer(first.ticket_id);

    const reply = await inbox.receive(
      mail({ To: 'ses@desk.example', From: 'boss@customer.example', 'In-Reply-To': `<${id}@eu-west-1.amazonses.com>` }),
      'ses@desk.example',
    );
    const report = await inbox.receive(bounce(`<${id}@email.amazonses.com>`, 'mina@example.com'), 'ses@desk.example');

    expect([sent.state, reply.ticket_id]).to.deep.equal(['sent', first.ticket_id]);
    expect(report).to.include({ kind: 'bounce', state: 'processed', ticket_id: first.ticket_id });
    inbox.desk.app.desk.mail.transports.close();
    await amazon.close();
  });

  it('V2: goes to the sender where an unusable Reply-To was stored', async () => {
    const { ticket_id: ticketId, message_id: messageId } = await inbox.receive(mail({}));
    const { addresses } = await inbox.desk.storage.read('messages').where({ id: messageId }).first();
    const stored = JSON.stringify({ ...JSON.parse(addresses), replyTo: { name: '', email: 'john' } });
    await inbox.desk.storage.writeTx((tx) => tx('messages').where({ id: messageId }).update({ addresses: stored }));

    await inbox.answer(ticketId);

    expect(sink.mails.at(-1)?.to).to.deep.equal(['mina@example.com']);
  });

  describe('with a real IMAP server', () => {
    before(needsDovecot);

    it('O3, O8: keeps a copy in Sent, and finds a mail there whose last answer got lost', async () => {
      const dovecot = await startDovecot();
      const server = await startFaultySmtp();
      const mailboxId = await inbox.addMailbox('real@desk.example', server.port);
      await inbox.receivesFrom(dovecot.port, { mailbox_id: mailboxId });
      const { ticket_id: ticketId } = await inbox.receive(mail({ To: 'real@desk.example', Precedence: 'list' }), 'real@desk.example');
      const kept = await inbox.answer(ticketId, 'Kept.');
      const folder = inbox.desk.app.plugins.services.get('mail.sent-folder');
      const isThere = await folder?.has(mailboxId, kept.message_id);
      server.fault = { dropAt: 'answer' };
      const lost = await inbox.answer(ticketId, 'Lost.');
      await folder?.append(mailboxId, { messageId: lost.message_id, raw: mail({ 'Message-ID': lost.message_id }), sentAt: 0 });
      const tries = server.mails.length;
      inbox.desk.clock.advance(15 * 60_000);
      await inbox.desk.settle();

      expect(isThere).to.equal(true);
      expect(lost.state).to.equal('uncertain');
      expect(await inbox.desk.storage.read('outbox').where({ id: lost.id }).first()).to.include({ state: 'sent' });
      expect(server.mails).to.have.length(tries);
      await server.close();
      await dovecot.close();
    });
  });
});
