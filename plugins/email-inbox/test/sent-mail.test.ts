import { expect } from 'chai';
import { needsDovecot, startDovecot, startFaultySmtp, startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('what the inbox adds to sending', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  beforeEach(async () => {
    sink = await startSmtpSink();
    inbox = await createInbox({ smtpPort: sink.port });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await sink.close();
  });

  const textOf = (index: number): string => (sink.mails.at(index)?.raw.toString() ?? '').replace(/\r\n[ \t]+/g, ' ');

  it('O4: echoes Thread-Index and Thread-Topic of the mail it answers (FreeScout #4922)', async () => {
    await inbox.addReceiver();
    const index = Buffer.alloc(27, 7).toString('base64');
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Thread-Index': index, 'Thread-Topic': 'Printer' }));
    await inbox.answer(ticketId);

    expect(textOf(-1)).to.include(`Thread-Index: ${index}`).and.include('Thread-Topic: Printer');
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
