import { expect } from 'chai';
import { ownReason } from '@helpdesk/core/plugin';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createInbox, createSendingInbox, mail, type Inbox } from './support/inbox.ts';

describe('answering by itself', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  it('acknowledges a new ticket once, to the sender alone, marked as automatic', async () => {
    await inbox.receive(mail({ 'Message-ID': '<a@x.example>', Cc: 'deniz@x.example' }));
    await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }, 'One more thing'));

    const customers = sink.mails.filter(({ to }) => !to.some((one) => one === 'ada@example.com' || one === 'can@example.com'));
    expect(customers).to.have.length(1);
    const [sent] = customers;
    const text = sent?.raw.toString() ?? '';
    expect(sent?.to).to.deep.equal(['mina@example.com']);
    expect(text).to.match(/^Auto-Submitted: auto-replied$/m);
    expect(text).to.match(/^In-Reply-To: <a@x\.example>$/m);
    expect(text).to.match(/^X-Desk-Loop: [0-9a-f]{40}$/m);
    expect(text).to.match(/^Subject: Re: Printer$/m);
  });

  it('answers no machine, list or imported mail', async () => {
    await inbox.receive(mail({ 'Auto-Submitted': 'auto-generated', From: 'cron@a.example' }));
    await inbox.receive(mail({ Precedence: 'bulk', From: 'news@b.example' }));
    await inbox.receive(mail({ 'X-Auto-Response-Suppress': 'All', From: 'boss@c.example' }));
    await inbox.receive(mail({ From: 'no-reply@d.example' }));
    await inbox.receive(mail({ 'Auto-Submitted': 'no', From: 'person@e.example' }));

    expect(sink.mails.map(({ to }) => to[0]).filter((to) => !to?.endsWith('@example.com'))).to.deep.equal(['person@e.example']);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(5);
  });

  it('lets an answer without headers find back by the signed address, where the mailbox uses it', async () => {
    await inbox.addReceiver({ signs_addresses: true, tags_subjects: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const ticket = await inbox.ticket(ticketId);
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
    await inbox.desk.settle();
    const text = sink.mails.at(-1)?.raw.toString() ?? '';
    const address = /^Reply-To: .*<(.+)>$/m.exec(text)?.[1];

    const joined = await inbox.receive(
      mail({ To: 'undisclosed-recipients:;', 'Delivered-To': address, From: 'other@x.example', Subject: 'Thanks' }),
      'support@desk.example',
    );

    expect(address).to.match(/^support\+t[0-9a-z]+\.[a-z2-7]{16}@desk\.example$/);
    expect(text).to.include(`Subject: Re: Printer [#${ticket.number}]`);
    expect(joined.ticket_id).to.equal(ticketId);
  });

  it('keeps a vacation robot that opens tickets within the budget', async () => {
    for (let round = 0; round < 12; round += 1) {
      await inbox.receive(mail({ From: 'robot@x.example', Subject: `I am away ${round}` }));
      inbox.desk.clock.advance(60_000);
    }

    expect(sink.mails.filter(({ to }) => to.includes('robot@x.example')).length).to.be.within(1, 5);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(12);
  });

  it('stops two desks from answering each other', async () => {
    const other = await createInbox({ smtpPort: sink.port, database: 'sqlite', address: 'help@other.example' });
    try {
      let [seen, rounds] = [0, 0];
      await inbox.receive(mail({ From: 'help@other.example' }));
      while (sink.mails.length > seen && rounds < 20) {
        const next = sink.mails[seen];
        seen += 1;
        rounds += 1;
        if (next?.to.includes('help@other.example') === true) await other.receive(next.raw);
        else if (next?.to.includes('support@desk.example') === true) await inbox.receive(next.raw);
      }

      const between = sink.mails.filter(({ to }) => to.some((one) => one === 'help@other.example' || one === 'support@desk.example'));
      expect(between).to.have.length(1);
      expect(await other.desk.storage.read('tickets')).to.have.length(1);
    } finally {
      await other.desk.close();
    }
  });

  it('drops a mail that carries its own mark', async () => {
    await inbox.receive(mail({}));
    const mark = /^X-Desk-Loop: (\S+)/m.exec(sink.mails[0]?.raw.toString() ?? '')?.[1];

    const row = await inbox.receive(mail({ From: 'mirror@x.example', 'X-Desk-Loop': mark }));
    const forged = await inbox.receive(mail({ From: 'eve@x.example', 'X-Desk-Loop': 'a'.repeat(40) }));

    expect(row).to.include({ state: 'ignored', reason: ownReason('email-inbox.ignored.own') });
    expect(forged.state).to.equal('processed');
  });

  it('notes a bounce on the message it concerns, opens no ticket and silences the address after two', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const bounceOf = async (): Promise<void> => {
      const reply = await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
      await inbox.desk.settle();
      const sent = (await inbox.outbox()).at(-1);
      const row = await inbox.receive(bounce(sent?.message_id ?? '', 'mina@example.com'));
      expect(row).to.include({ kind: 'bounce', state: 'processed', ticket_id: ticketId, message_id: null });
      const after = await inbox.desk.storage.read('outbox').where({ message_ref: reply.id }).first();
      expect(after).to.include({ state: 'failed' });
      expect(after.error).to.include('5.1.1');
    };
    await inbox.desk.as('can').changeStatus(ticketId ?? 0, 'solved');

    await bounceOf();
    expect((await inbox.ticket(ticketId)).category).to.equal('solved');
    expect(await inbox.desk.storage.read('user_emails').where({ email_key: 'mina@example.com' }).first()).to.include({
      bounces: 1,
      suppressed_at: null,
    });
    await bounceOf();

    const email = await inbox.desk.storage.read('user_emails').where({ email_key: 'mina@example.com' }).first();
    expect([email.bounces, email.suppressed_at]).to.deep.equal([2, inbox.desk.clock.now()]);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
  });

  it('lets a forged or foreign report change nothing', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
    await inbox.desk.settle();
    const sent = (await inbox.outbox()).at(-1);

    const foreign = await inbox.receive(bounce('<never-sent@desk.example>', 'mina@example.com'));
    await inbox.receive(bounce(sent?.message_id ?? '', 'can@example.com'));

    expect(foreign).to.include({ state: 'ignored', ticket_id: null });
    expect(
      await inbox.desk.storage.read('user_emails').whereIn('email_key', ['mina@example.com', 'can@example.com']).pluck('bounces'),
    ).to.deep.equal([0, 0]);
  });

  it('notes a read receipt without reopening', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.', status: 'solved' });
    await inbox.desk.settle();
    const sent = (await inbox.outbox()).at(-1);

    const row = await inbox.receive(
      mail(
        {
          'In-Reply-To': sent?.message_id,
          Subject: 'Read',
          'Content-Type': 'multipart/report; report-type=disposition-notification; boundary=x',
        },
        '--x\nContent-Type: text/plain\n\nRead.\n--x\nContent-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n--x--',
      ),
    );

    expect(row).to.include({ kind: 'mdn', state: 'processed', ticket_id: ticketId, message_id: null });
    expect((await inbox.ticket(ticketId)).category).to.equal('solved');
  });

  it("opens a ticket for the customer whose mail an agent forwards, with the agent's words as a note", async () => {
    await inbox.addReceiver({ authserv_ids: '["mx.desk.example"]' });
    const body =
      'Please take this one.\n\n---------- Forwarded message ---------\nFrom: Deniz Ak <deniz@customer.example>\nDate: Mon, Jan 5, 2026 at 8:00 AM\nSubject: Broken\nTo: Can <can@example.com>\n\nMy printer is broken.';

    const row = await inbox.receive(
      mail({ 'Authentication-Results': 'mx.desk.example; dmarc=pass', From: 'Can <can@example.com>', Subject: 'Fwd: Broken' }, body),
    );

    const ticket = await inbox.ticket(row.ticket_id);
    const requester = await inbox.desk.storage.read('user_emails').where({ user_id: ticket.requester_id }).first();
    const messages = await inbox.messages(ticket.id);
    expect(ticket.subject).to.equal('Broken');
    expect(requester.email_key).to.equal('deniz@customer.example');
    expect(messages.map(({ kind, author_id: author }) => [kind, author])).to.deep.equal([
      ['reply', ticket.requester_id],
      ['note', inbox.desk.people.can.id],
    ]);
    expect(messages[0]?.text).to.include('My printer is broken.').and.not.include('take this one');
    expect(messages[1]?.text).to.equal('Please take this one.');
    expect((await inbox.outbox()).filter(({ kind }) => kind === 'acknowledgement')).to.deep.equal([]);
  });

  it('lets an agent answer by mail only with proof', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.addReceiver({ authserv_ids: '["mx.desk.example"]' });
    const answer = { From: 'Can <can@example.com>', 'In-Reply-To': '<a@x.example>', Subject: 'Re: Printer' };

    await inbox.receive(mail({ ...answer, 'Authentication-Results': 'evil.example; dmarc=pass' }, 'Give her a refund.'));
    await inbox.receive(
      mail(
        { 'Authentication-Results': 'mx.desk.example; dmarc=pass', ...answer },
        'It is out.\n\nOn Mon, Jan 5, 2026 at 9:00 AM Mina wrote:\n> Help',
      ),
    );

    const messages = await inbox.messages(ticketId ?? 0);
    expect(messages.map(({ direction, flags, author_id: author }) => [direction, JSON.parse(flags), author])).to.deep.equal([
      ['in', [], inbox.desk.people.mina.id],
      ['in', ['new-participant', 'unverified-agent'], inbox.desk.people.can.id],
      ['out', [], inbox.desk.people.can.id],
    ]);
    expect(messages.at(-1)?.text).to.equal('It is out.');
    const outgoing = (await inbox.outbox()).filter(({ kind }) => kind === 'reply');
    expect(outgoing.map(({ state, envelope }) => [state, JSON.parse(envelope).to])).to.deep.equal([
      ['sent', [{ name: 'Mina Kaya', email: 'mina@example.com' }]],
    ]);
  });
});

function bounce(messageId: string, recipient: string): Uint8Array {
  return mail(
    {
      From: 'MAILER-DAEMON@mx.example',
      Subject: 'Undelivered',
      'Return-Path': '<>',
      'Content-Type': 'multipart/report; report-type=delivery-status; boundary=x',
    },
    [
      '--x',
      'Content-Type: text/plain',
      '',
      'It failed.',
      '--x',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example',
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 no such user',
      '--x',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      `To: ${recipient}`,
      'From: support@desk.example',
      '',
      'Hi',
      '--x--',
    ].join('\n'),
  );
}
