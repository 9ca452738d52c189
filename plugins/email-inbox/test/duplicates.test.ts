import { expect } from 'chai';
import { startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { bounce } from './support/reports.ts';

describe('mail that comes more than once', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  it('D1: is one message with two originals, and says when the text differs', async () => {
    const headers = { 'Message-ID': '<a@x.example>' };

    const first = await inbox.receive(mail(headers, 'Hello'));
    const footer = await inbox.receive(mail({ ...headers, 'X-List': '1' }, 'Hello\n-- \nA list'));
    const other = await inbox.receive(mail(headers, 'Something else'));

    expect([footer.dup_of, footer.message_id, Boolean(footer.differs)]).to.deep.equal([first.id, null, false]);
    expect([other.dup_of, Boolean(other.differs)]).to.deep.equal([first.id, true]);
    expect(await inbox.messages(first.ticket_id ?? 0)).to.have.length(1);
  });

  it('D1: is two messages when only the Message-ID is the same (FS #5591)', async () => {
    await inbox.receive(mail({ 'Message-ID': '<reused@dhl.example>', From: 'a@dhl.example' }));
    await inbox.receive(mail({ 'Message-ID': '<reused@dhl.example>', From: 'b@dhl.example' }));
    await inbox.receive(mail({ 'Message-ID': '<reused@dhl.example>', From: 'b@dhl.example', Date: 'Mon, 05 Jan 2026 08:00:00 +0000' }));

    expect(await inbox.desk.storage.read('messages')).to.have.length(3);
  });

  describe('and becomes no message', () => {
    let sink: SmtpSink;
    const again = (raw: Uint8Array): Promise<unknown> => inbox.receive(Buffer.concat([Buffer.from('Received: by another way\r\n'), raw]));
    beforeEach(async () => {
      sink = await startSmtpSink();
      await inbox.desk.close();
      inbox = await createInbox({ smtpPort: sink.port });
      await inbox.addReceiver({ authserv_ids: '["mx.desk.example"]' });
    });
    afterEach(() => {
      inbox.desk.app.desk.mail.transports.close();
      return sink.close();
    });

    it('D1, B1: a report says once that a mail failed, also after that mail was sent anew', async () => {
      const { ticket_id: ticketId } = await inbox.receive(mail({}));
      const sent = await inbox.answer(ticketId);
      const report = bounce(sent.message_id, 'mina@example.com');
      await inbox.receive(report);
      await inbox.desk.app.desk.mail.retry(inbox.desk.actor('can'), sent.id);
      await inbox.desk.settle();

      await again(report);

      expect((await inbox.outbox()).find(({ id }) => id === sent.id)?.state).to.equal('sent');
      expect((await inbox.mails()).at(-1)).to.include({ state: 'processed', reason: 'duplicate', ticket_id: null });
      expect(await inbox.desk.violations()).to.deep.equal([]);
    });

    it('D1, W2: the commands of an agent are carried out once, and refused once', async () => {
      const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
      const fromCan = (text: string): Buffer =>
        mail({ From: 'can@example.com', 'In-Reply-To': '<a@x.example>', 'Authentication-Results': 'mx.desk.example; dmarc=pass' }, text);
      const [closing, wrong] = [fromCan('@close'), fromCan('@refund all')];
      await inbox.receive(closing);
      const closed = (await inbox.ticket(ticketId)).category;
      await inbox.desk.as('can').changeStatus(ticketId ?? 0, 'open');
      await inbox.receive(wrong);

      await again(closing);
      await again(wrong);

      expect([closed, (await inbox.ticket(ticketId)).category]).to.deep.equal(['solved', 'open']);
      expect(sink.mails.filter(({ to }) => to.includes('can@example.com'))).to.have.length(1);
      expect(await inbox.desk.violations()).to.deep.equal([]);
    });
  });

  it('is one ticket for two mailboxes, or one in each where the setting says so', async () => {
    await inbox.addMailbox('sales@desk.example');
    const twice = async (id: string): Promise<readonly (number | null)[]> => {
      const raw = mail({ 'Message-ID': id, Cc: 'sales@desk.example' });
      return [(await inbox.receive(raw, 'support@desk.example')).ticket_id, (await inbox.receive(raw, 'sales@desk.example')).ticket_id];
    };

    const [one, same] = await twice('<a@x.example>');
    await inbox.desk.app.desk.settings.set('email-inbox', { sharedMail: 'split' });
    const [two, three] = await twice('<b@x.example>');

    expect(same).to.equal(one);
    expect(new Set([one, two, three]).size).to.equal(3);
  });

  it('D1: has a key of its own without a Message-ID (FS #4740)', async () => {
    const raw = mail({ 'Message-ID': undefined });

    await inbox.receive(raw);
    await inbox.receive(Buffer.concat([Buffer.from('Received: by another way\r\n'), raw]));
    await inbox.receive(mail({ 'Message-ID': undefined }, 'Another text'));

    expect(await inbox.desk.storage.read('messages')).to.have.length(2);
  });

  it('D1: stays one message when two processes file it at once (FS #3186, #1350)', async () => {
    const other = await createInbox({ beside: inbox.desk });
    try {
      const raws = Array.from({ length: 20 }, (_, index) =>
        mail({ 'Message-ID': `<race-${index}@x.example>`, From: `customer-${index % 7}@x.example` }),
      );

      // The same mails by two ways, so that each has two rows and two processes that file them.
      await Promise.all(
        [inbox, other].map(async (one, way) => {
          for (const raw of raws)
            await one.command('mail pipe', [], {}, way === 0 ? raw : Buffer.concat([Buffer.from('Received: twice\r\n'), raw]));
        }),
      );
      inbox.desk.clock.advance(3_600_000);
      await Promise.all([inbox.desk.settle(), other.desk.settle()]);

      const rows = await inbox.mails();
      expect(rows.map(({ state }) => state)).to.deep.equal(Array.from({ length: 40 }, () => 'processed'));
      expect(rows.filter(({ dup_of: dup }) => dup !== null)).to.have.length(20);
      expect(await inbox.desk.storage.read('messages')).to.have.length(20);
      expect(await inbox.desk.storage.read('tickets')).to.have.length(20);
    } finally {
      await other.desk.close();
    }
  });

  it('P3: is filed once when one row is filed by two processes at the same moment', async () => {
    const other = await createInbox({ beside: inbox.desk });
    try {
      const jobs = async (): Promise<void> => {
        await Promise.all([inbox.desk.settle(), other.desk.settle()]);
      };
      for (let round = 0; round < 5; round += 1) {
        const raw = mail({ 'Message-ID': `<row-${round}@x.example>` });
        await Promise.all([inbox.command('mail pipe', [], {}, raw), other.command('mail pipe', [], {}, raw)]);
      }
      await jobs();

      expect(await inbox.mails()).to.have.length(5);
      expect(await inbox.desk.storage.read('messages')).to.have.length(5);
    } finally {
      await other.desk.close();
    }
  });
});
