import { expect } from 'chai';
import { createTestDesk, startFaultySmtp, type FaultySmtp, type SmtpMoment, type TestDesk } from '#core/testing/index.js';
import { replyHeaders, replySubject, saveMailbox, type Mailbox, type MailboxInput } from '#core/mail/index.js';
import { SmtpFailure } from '#core/mail/smtp-failure.js';
import { Transports } from '#core/mail/transports.js';
import { openTicket, reply, type Message, type Ticket } from '#core/tickets/index.js';
import { systemActor } from '#core/users/index.js';

const minute = 60_000;
const hour = 60 * minute;

describe('the rules of sending', () => {
  let desk: TestDesk;
  let server: FaultySmtp;
  let mailbox: Mailbox;
  let ticket: Ticket;
  const inSent = new Set<string>();
  const asked: string[] = [];
  const kept: string[] = [];
  beforeEach(async () => {
    desk = await createTestDesk();
    server = await startFaultySmtp();
    for (const list of [asked, kept]) list.length = 0;
    inSent.clear();
    mailbox = await saveMailbox(desk.app.desk, systemActor, mailboxInput());
    ({ ticket } = await openTicket(desk.app.desk, systemActor, {
      subject: 'Re: RE: Printer',
      requester: { email: 'customer@example.org', name: 'Ayşe' },
      message: { text: 'It smokes.', messageId: '<first@example.org>', addresses: { from: { email: 'customer@example.org' } } },
      channel: 'email',
      mailboxId: mailbox.id,
    }));
  });
  afterEach(async () => {
    await desk.close();
    await server.close();
  });

  const mailboxInput = (more: Partial<MailboxInput> = {}): MailboxInput => ({
    name: 'Support',
    address: 'support@example.com',
    transport: { host: '127.0.0.1', port: server.port, encryption: 'auto', isOperators: true },
    ...more,
  });
  const answer = (text = 'It is out.', cc: readonly { email: string }[] = []): Promise<Message> =>
    reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'reply', text, cc });
  const row = async ({ id }: Message) => desk.storage.read('outbox').where({ message_ref: id }).first();
  const arrived = () => server.mails.filter((mail) => !/^Auto-Submitted:/m.test(mail));
  const idOf = (mail: string): string => /^Message-ID:\s*(\S+)/im.exec(mail)?.[1] ?? '';
  const offerSentFolder = (): void => {
    desk.app.plugins.services.provide('test', 'mail.sent-folder', {
      has: async (_mailboxId, messageId) => {
        asked.push(messageId);
        return inSent.has(messageId);
      },
      append: async (_mailboxId, { messageId }) => kept.push(messageId) > 0,
    });
  };
  const later = async (ms: number): Promise<void> => {
    desk.clock.advance(ms);
    await desk.settle();
  };

  it('O1: writes outbox row and message together and keeps one Message-ID over all tries', async () => {
    server.fault = { reply: { at: 'RCPT', text: '451 4.7.1 Greylisted' } };
    const message = await answer();
    await desk.settle();
    const first = await row(message);
    server.fault = {};
    await later(2 * minute);

    expect(first).to.include({ state: 'queued', attempts: 1, deferrals: 1 });
    expect((await desk.storage.read('messages').where({ id: message.id }).first()).message_id).to.equal(first.message_id);
    expect(arrived().map(idOf)).to.deep.equal([first.message_id]);
    expect(await row(message)).to.include({ state: 'sent', message_id: first.message_id });
  });

  it('O2: tries again after 1, 5, 15 and 60 minutes, 3 hours, then every 6 hours, and gives up after 48 hours', async () => {
    server.fault = { reply: { at: 'answer', text: '452 4.3.1 Full' } };
    const message = await answer();
    const started = desk.clock.now();
    const tried: number[] = [];
    for (let attempts = 0; desk.clock.now() - started <= 50 * hour;) {
      await desk.settle();
      const now = await row(message);
      if (now.attempts > attempts) tried.push(Math.round((desk.clock.now() - started) / minute));
      attempts = now.attempts;
      desk.clock.advance(now.state === 'queued' ? Math.max(1, now.send_after - desk.clock.now()) : hour);
    }

    const gaps = tried.slice(1).map((at, index) => at - (tried[index] ?? 0));
    for (const [index, wanted] of [1, 5, 15, 60, 180, 360, 360].entries())
      expect(gaps[index], `gap ${index}`).to.be.within(wanted, Math.ceil(wanted * 1.11));
    expect(tried.at(-1)).to.be.within(47 * 60, 48 * 60 + 2);
    expect(await row(message)).to.include({ state: 'failed' });
    expect(await desk.storage.read('notifications').where({ kind: 'delivery-failed' })).to.have.length(1);
    expect(await desk.violations()).to.deep.equal([]);
  });

  for (const at of ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'answer'] as const satisfies readonly SmtpMoment[]) {
    it(`F9: a 4xx at ${at} puts the mail off and loses nothing`, async () => {
      server.fault = { reply: { at, text: '421 4.3.2 Later' } };
      const message = await answer();
      await desk.settle();

      expect(await row(message)).to.include({ state: 'queued', doubts: 0, deferrals: 1 });
      server.fault = {};
      await later(2 * minute);
      expect(await row(message)).to.include({ state: 'sent' });
      // What the server refused at the end it has not taken.
      expect(arrived()).to.have.length(at === 'answer' ? 2 : 1);
      expect(new Set(arrived().map(idOf)).size).to.equal(1);
    });
  }

  for (const at of ['MAIL', 'RCPT', 'DATA', 'answer'] as const satisfies readonly SmtpMoment[]) {
    it(`F10: a 5xx at ${at} fails at once and says why`, async () => {
      server.fault = { reply: { at, text: '550 5.1.1 No such mailbox' } };
      const message = await answer();
      await desk.settle();
      await later(3 * hour);

      const failed = await row(message);
      expect(failed).to.include({ state: 'failed', attempts: 1 });
      expect(failed.error).to.include('No such mailbox');
    });
  }

  for (const at of ['MAIL', 'RCPT', 'DATA', 'content'] as const satisfies readonly SmtpMoment[]) {
    it(`O2: a connection lost at ${at} is no doubt, since nothing can have arrived`, async () => {
      server.fault = { dropAt: at };
      const message = await answer('x'.repeat(at === 'content' ? 3_000_000 : 10));
      await desk.settle();

      expect(await row(message)).to.include({ state: 'queued', doubts: 0 });
    });
  }

  // Delivered mail sent again: FreeScout #3632, #3585, #1041.
  it('O3, F11: a server that takes the mail and drops the line before its answer leaves it uncertain (FreeScout #5457)', async () => {
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    const doubted = await row(message);
    await later(14 * minute);

    expect(doubted).to.include({ state: 'uncertain', doubts: 1 });
    expect(arrived()).to.have.length(1);
  });

  it('O3: looks into Sent before it sends again, and what is there was sent (FreeScout #3607, #5094)', async () => {
    offerSentFolder();
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    inSent.add(idOf(arrived()[0] ?? ''));
    await later(15 * minute);

    expect(await row(message)).to.include({ state: 'sent', error: null });
    expect(arrived()).to.have.length(1);
    expect(asked).to.deep.equal([...inSent]);
  });

  it('O3: a folder that cannot be read is asked again for an hour, and only then the mail goes once more (FreeScout #5457)', async () => {
    let looks = 0;
    desk.app.plugins.services.provide('test', 'mail.sent-folder', {
      has: async () => {
        looks += 1;
        throw new Error('The server is away.');
      },
      append: async () => false,
    });
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    server.fault = {};
    for (let round = 0; round < 4; round += 1) await later(15 * minute);
    const waiting = await row(message);
    const before = arrived().length;
    await later(15 * minute);

    expect(waiting).to.include({ state: 'uncertain', doubts: 1, send_after: desk.clock.now() });
    expect([looks, before, arrived().length]).to.deep.equal([5, 1, 2]);
    expect(await row(message)).to.include({ state: 'sent' });
  });

  it('O3: not in Sent it goes once more under the same Message-ID, then a person decides', async () => {
    offerSentFolder();
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    for (let day = 0; day < 8; day += 1) await later(6 * hour);
    const left = await row(message);

    expect(left).to.include({ state: 'uncertain', doubts: 2 });
    expect(Boolean(left.may_be_doubled)).to.equal(true);
    expect(arrived()).to.have.length(2);
    expect(new Set(arrived().map(idOf)).size).to.equal(1);
    expect(await desk.violations()).to.deep.equal([]);

    await desk.app.desk.mail.confirm(desk.actor('can'), left.id);
    expect(await row(message)).to.include({ state: 'sent', error: null });
    await later(48 * hour);
    expect(arrived()).to.have.length(2);
  });

  it('O3: *Try again* on an uncertain mail sends at once, whatever it was waiting for', async () => {
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    server.fault = {};
    await desk.app.desk.mail.retry(desk.actor('can'), (await row(message)).id);
    await desk.settle();

    const sent = await row(message);
    expect(sent.state).to.equal('sent');
    expect(Boolean(sent.may_be_doubled)).to.equal(true);
    expect(arrived()).to.have.length(2);
  });

  it('F11: a line dropped after the answer is no matter: the mail was sent', async () => {
    server.fault = { dropsAfterAnswer: true };
    const [one, two] = [await answer('One.'), await answer('Two.')];
    await desk.settle();

    expect([(await row(one)).state, (await row(two)).state]).to.deep.equal(['sent', 'sent']);
    expect(arrived()).to.have.length(2);
  });

  it('O2: one of two recipients put off gets the mail later, and the other does not get it twice', async () => {
    let isFull = true;
    const { startSmtpSink } = await import('#core/testing/index.js');
    const sink = await startSmtpSink({
      onRcptTo: ({ address }, _session, done) => {
        const code = address.startsWith('full') && isFull ? 452 : address.startsWith('gone') ? 550 : 0;
        done(code === 0 ? null : Object.assign(new Error(code === 452 ? '4.2.2 Full' : '5.1.1 Unknown'), { responseCode: code }));
      },
    });
    const transport = { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true } as const;
    await saveMailbox(desk.app.desk, systemActor, mailboxInput({ transport }), mailbox.id);
    const message = await answer('Hi.', [{ email: 'full@example.org' }, { email: 'gone@example.org' }]);
    await desk.settle();
    const first = await row(message);
    const states = await desk.storage
      .read('outbox_recipients')
      .where({ outbox_id: first.id })
      .orderBy('address_key')
      .select('address_key', 'state', 'code');
    const page = await (await desk.fetch(`/desk/tickets/${ticket.number}`, { as: 'can' })).text();
    isFull = false;
    await later(2 * minute);
    const last = await row(message);
    desk.app.desk.mail.transports.close();
    await sink.close();

    expect(states).to.deep.equal([
      { address_key: 'customer@example.org', state: 'sent', code: null },
      { address_key: 'full@example.org', state: 'waiting', code: '4.2.2' },
      { address_key: 'gone@example.org', state: 'failed', code: '5.1.1' },
    ]);
    expect(first).to.include({ state: 'queued' });
    expect(page).to.include('Put off for full@example.org').and.include('Not delivered to gone@example.org');
    expect(sink.mails.filter(({ raw }) => raw.includes('Hi.')).map(({ to }) => to)).to.deep.equal([
      ['customer@example.org'],
      ['full@example.org'],
    ]);
    expect(last).to.include({ state: 'failed' });
    expect(last.error).to.include('gone@example.org');
  });

  // Also FreeScout #3175, elixir-mail PR 203.
  it('O4: answers the last mail of the customer, names root and last ids within 900 bytes, with one Re: (FreeScout #5542, osTicket #1346)', async () => {
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
    const paths: string[] = [];
    const { startSmtpSink } = await import('#core/testing/index.js');
    const sink = await startSmtpSink();
    const transport = { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true } as const;
    await saveMailbox(desk.app.desk, systemActor, mailboxInput({ transport }), mailbox.id);
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

  it('F12: a server that says one byte at a time is given up after a limit for the whole, and holds nobody else up', async () => {
    const limits = { connectMs: 400, mailMs: 400 };
    const transports = new Transports(limits);
    const quick = await startFaultySmtp();
    const to = (port: number) => ({ host: '127.0.0.1', port, encryption: 'auto', isOperators: true }) as const;
    const mail = { from: 'a@example.com', to: ['b@example.org'], content: Buffer.from('Hi\r\n'), onWire: async () => undefined };
    server.fault = { msPerByte: 100 };
    const started = performance.now();
    const slow = transports.send(to(server.port), mail).catch((error: unknown) => error);
    // Only the slow one is meant: on a busy machine the other may need longer than that.
    Object.assign(limits, { connectMs: 60_000, mailMs: 60_000 });
    const other = await transports.send(to(quick.port), mail);
    const otherMs = performance.now() - started;
    const failure = await slow;
    transports.close();
    await quick.close();

    expect(other.accepted).to.deep.equal(['b@example.org']);
    expect(failure).to.be.instanceOf(SmtpFailure);
    expect(failure).to.include({ stage: 'connect', isUncertain: false, isPermanent: false });
    expect(otherMs).to.be.lessThan(performance.now() - started);
  });

  it('O7: mails of one ticket go in order, also when the first is put off', async () => {
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
    await saveMailbox(desk.app.desk, systemActor, mailboxInput({ perMinute: 3 }), mailbox.id);
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
    offerSentFolder();
    await answer('One.');
    await desk.settle();
    await saveMailbox(desk.app.desk, systemActor, mailboxInput({ sentCopy: 'never' }), mailbox.id);
    await answer('Two.');
    await desk.settle();

    expect(kept).to.deep.equal([idOf(arrived()[0] ?? '')]);
  });
});
