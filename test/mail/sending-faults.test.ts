import { expect } from 'chai';
import { startFaultySmtp, startSmtpSink, type SmtpMoment } from '#core/testing/index.js';
import { SmtpFailure } from '#core/mail/smtp-failure.js';
import { Transports } from '#core/mail/transports.js';
import { createSendingStage, idOf, offerSentFolder, serverAt, type SendingStage } from './sending-stage.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('sending through a server that fails', () => {
  let stage: SendingStage;
  beforeEach(async () => {
    stage = await createSendingStage();
  });
  afterEach(() => stage.close());

  it('O1: writes outbox row and message together and keeps one Message-ID over all tries', async () => {
    const { desk, server, answer, row, arrived, later } = stage;
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
    const { desk, server, answer, row } = stage;
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
      const { desk, server, answer, row, arrived, later } = stage;
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
      const { desk, server, answer, row, later } = stage;
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
      const { desk, server, answer, row } = stage;
      server.fault = { dropAt: at };
      const message = await answer('x'.repeat(at === 'content' ? 3_000_000 : 10));
      await desk.settle();

      expect(await row(message)).to.include({ state: 'queued', doubts: 0 });
    });
  }

  // Delivered mail sent again: FreeScout #3632, #3585, #1041.
  it('O3, F11: a server that takes the mail and drops the line before its answer leaves it uncertain (FreeScout #5457)', async () => {
    const { desk, server, answer, row, arrived, later } = stage;
    server.fault = { dropAt: 'answer' };
    const message = await answer();
    await desk.settle();
    const doubted = await row(message);
    await later(14 * minute);

    expect(doubted).to.include({ state: 'uncertain', doubts: 1 });
    expect(arrived()).to.have.length(1);
  });

  it('O3: looks into Sent before it sends again, and what is there was sent (FreeScout #3607, #5094)', async () => {
    const { desk, server, answer, row, arrived, later } = stage;
    const { inSent, asked } = offerSentFolder(desk);
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
    const { desk, server, answer, row, arrived, later } = stage;
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
    const { desk, server, answer, row, arrived, later } = stage;
    offerSentFolder(desk);
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
    const { desk, server, answer, row, arrived } = stage;
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
    const { desk, server, answer, row, arrived } = stage;
    server.fault = { dropsAfterAnswer: true };
    const [one, two] = [await answer('One.'), await answer('Two.')];
    await desk.settle();

    expect([(await row(one)).state, (await row(two)).state]).to.deep.equal(['sent', 'sent']);
    expect(arrived()).to.have.length(2);
  });

  it('O2: one of two recipients put off gets the mail later, and the other does not get it twice', async () => {
    const { desk, ticket, answer, row, changeMailbox, later } = stage;
    let isFull = true;
    const sink = await startSmtpSink({
      onRcptTo: ({ address }, _session, done) => {
        const code = address.startsWith('full') && isFull ? 452 : address.startsWith('gone') ? 550 : 0;
        done(code === 0 ? null : Object.assign(new Error(code === 452 ? '4.2.2 Full' : '5.1.1 Unknown'), { responseCode: code }));
      },
    });
    await changeMailbox({ transport: serverAt(sink.port) });
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

  it('F12: a server that says one byte at a time is given up after a limit for the whole, and holds nobody else up', async () => {
    const { server } = stage;
    // Long enough for the quick one on a busy machine, and shorter than the greeting of the slow one.
    const transports = new Transports({ connectMs: 5000, mailMs: 5000 });
    const quick = await startFaultySmtp();
    const mail = { from: 'a@example.com', to: ['b@example.org'], content: Buffer.from('Hi\r\n'), onWire: async () => undefined };
    server.fault = { msPerByte: 500 };
    let isGivenUp = false;
    const slow = transports
      .send(serverAt(server.port), mail)
      .catch((error: unknown) => error)
      .finally(() => (isGivenUp = true));
    const other = await transports.send(serverAt(quick.port), mail);
    const wasHeldUp = isGivenUp;
    const failure = await slow;
    transports.close();
    await quick.close();

    expect(wasHeldUp).to.equal(false);
    expect(other.accepted).to.deep.equal(['b@example.org']);
    expect(failure).to.be.instanceOf(SmtpFailure);
    expect(failure).to.include({ stage: 'connect', isUncertain: false, isPermanent: false });
  });
});
