import { expect } from 'chai';
import { startSmtpSink } from '#core/testing/index.js';
import { replyHeaders, replySubject } from '#core/mail/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { systemActor } from '#core/users/index.js';
import { createSendingStage, idOf, offerSentFolder, serverAt, type SendingStage } from './sending-stage.ts';

const minute = 60_000;

describe('the rules of sending', () => {
  let stage: SendingStage;
  beforeEach(async () => {
    stage = await createSendingStage();
  });
  afterEach(() => stage.close());

  // Also FreeScout #3175, elixir-mail PR 203.
  it('O4: answers the last mail of the customer, names root and last ids within 900 bytes, with one Re: (FreeScout #5542, osTicket #1346)', async () => {
    const { desk, ticket, answer, arrived } = stage;
    const long = (index: number): string => `<${'x'.repeat(60)}-${index}@example.org>`;
    for (let index = 0; index < 60; index += 1)
      await reply(desk.app.desk, systemActor, ticket.id, {
        kind: 'reply',
        direction: 'in',
        channel: 'email',
        text: 'More.',
        messageId: long(index),
        authorId: ticket.requesterId,
      });
    await answer('First.');
    await answer('Second.');
    await desk.settle();

    const mail = (arrived().at(-1) ?? '').replace(/\r\n[ \t]+/g, ' ');
    const references = (/^References: (.*)$/im.exec(mail)?.[1] ?? '').trim().split(/\s+/);
    expect(/^In-Reply-To: (.*)$/im.exec(mail)?.[1]?.trim()).to.equal(long(59));
    expect(references[0]).to.equal('<first@example.org>');
    expect(references.at(-1)).to.equal(long(59));
    expect(references.length).to.be.within(5, 21);
    expect(references.join(' ').length).to.be.at.most(920);
    expect(mail).to.match(/^Subject: Re: Printer\r?$/m);
    expect(mail).to.include('multipart/alternative').and.include('text/plain').and.include('text/html');
    expect(mail).to.not.match(/^(?:List-Unsubscribe|Auto-Submitted|Precedence|X-Auto-Response-Suppress):/im);
  });

  it('O4: leaves out of the headers of an answer what cannot stand there', () => {
    const huge = `<${'x'.repeat(3000)}@x.example>`;

    expect(replyHeaders(['<a@x.example>', '<b c@x.example>', huge], '<last@x.example>')).to.deep.equal({
      'In-Reply-To': '<last@x.example>',
      References: '<a@x.example> <last@x.example>',
    });
    expect(replyHeaders(['<a@x.example>'], huge)).to.deep.equal({ References: '<a@x.example>' });
    expect(replyHeaders([], huge)).to.deep.equal({});
    expect(replySubject('Hi\r\nBcc: eve@evil.example')).to.equal('Re: Hi Bcc: eve@evil.example');
    expect(replySubject('Re: AW: Hi')).to.equal('Re: Hi');
    expect(replySubject('Re: ')).to.equal('Re:');
  });

  it('O4: no header value starts a line of its own', async () => {
    const { desk, answer, arrived } = stage;
    desk.app.desk.hooks.forPlugin('core', 0).filter('mail.outgoing', (mail) => ({
      ...mail,
      subject: 'Hi\r\nBcc: evil@example.net',
      headers: { ...mail.headers, 'X-One': 'a\r\nBcc: evil@example.net', 'Bad\r\nBcc': 'evil@example.net' },
      replyTo: { name: 'A\r\nBcc: evil@example.net', email: 'support@example.com' },
    }));
    await answer();
    await desk.settle();

    const [head = ''] = (arrived()[0] ?? '').split('\r\n\r\n');
    expect(head).to.not.match(/^Bcc:/im);
    expect(head).to.match(/^X-One: a Bcc: evil@example\.net$/m);
  });

  it('O5: a return path given by a plugin is used at the sender’s domain and nowhere else', async () => {
    const { desk, answer, changeMailbox } = stage;
    const paths: string[] = [];
    const sink = await startSmtpSink();
    await changeMailbox({ transport: serverAt(sink.port) });
    const given = ['support+b1.abc@example.com', 'support@evil.example'];
    desk.app.desk.hooks.forPlugin('core', 0).filter('mail.outgoing', (mail) => ({ ...mail, returnPath: given[paths.length] }));
    for (const text of ['One.', 'Two.']) {
      await answer(text);
      await desk.settle();
      paths.push(sink.mails.at(-1)?.from ?? '');
    }
    desk.app.desk.mail.transports.close();
    await sink.close();

    expect(paths).to.deep.equal(['support+b1.abc@example.com', 'support@example.com']);
  });

  it('O7: mails of one ticket go in order, also when the first is put off', async () => {
    const { desk, server, answer, arrived, later } = stage;
    server.fault = { reply: { at: 'RCPT', text: '451 4.7.1 Greylisted' } };
    await answer('One.');
    await desk.settle();
    server.fault = {};
    await answer('Two.');
    await desk.settle();
    const before = arrived().length;
    await later(2 * minute);

    expect(before).to.equal(0);
    expect(arrived().map((mail) => /(?:One|Two)\./.exec(mail)?.[0])).to.deep.equal(['One.', 'Two.']);
  });

  it('O7: keeps to the mails a minute of the mailbox without counting the waiting as a failure', async () => {
    const { desk, answer, row, arrived, changeMailbox } = stage;
    await changeMailbox({ perMinute: 3 });
    const messages = [];
    for (let index = 0; index < 7; index += 1) messages.push(await answer(`Answer ${index}.`));
    const counts: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await desk.settle();
      counts.push(arrived().length);
      desk.clock.advance(minute + 1);
    }

    expect(counts).to.deep.equal([3, 6, 7]);
    expect((await Promise.all(messages.map(row))).map(({ attempts, deferrals }) => [attempts, deferrals])).to.deep.equal(
      messages.map(() => [1, 0]),
    );
  });

  it('O7: opens at most two connections to the server of a mailbox', async () => {
    const { desk, server, mailbox, arrived } = stage;
    for (let index = 0; index < 8; index += 1) {
      const opened = await openTicket(desk.app.desk, systemActor, {
        subject: `Case ${index}`,
        requester: { email: `c${index}@example.org` },
        message: { text: 'Help' },
        channel: 'email',
        mailboxId: mailbox.id,
      });
      await reply(desk.app.desk, desk.actor('can'), opened.ticket.id, { kind: 'reply', text: `Answer ${index}` });
    }
    server.fault = { msPerByte: 1 };
    await Promise.all([1, 2, 3, 4].map(() => desk.settle()));
    await desk.settle();

    expect(arrived()).to.have.length(8);
    expect(server.peak).to.equal(2);
  });

  it('O8: keeps a copy in Sent where the provider makes none, once a mail', async () => {
    const { desk, answer, arrived, changeMailbox } = stage;
    const { kept } = offerSentFolder(desk);
    await answer('One.');
    await desk.settle();
    await changeMailbox({ sentCopy: 'never' });
    await answer('Two.');
    await desk.settle();

    expect(kept).to.deep.equal([idOf(arrived()[0] ?? '')]);
  });
});
