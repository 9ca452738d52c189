import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import {
  needsDovecot,
  startDeskProcess,
  startDovecot,
  startSmtpSink,
  testDatabase,
  type DeskProcess,
  type Dovecot,
  type SmtpSink,
} from '@helpdesk/core/testing';
import { parseMail } from '../../parsing.ts';
import { createInbox, mail, pluginFolder, type Inbox } from '../support/inbox.ts';

const receivingPoints = [
  'email-fetched',
  'email-stored',
  'email-recorded',
  'email-parsed',
  'email-in-transaction',
  'email-filed',
  'email-before-ack',
  'email-acked',
];
const sendingPoints = ['mail-before-smtp', 'mail-after-smtp', 'mail-after-sent'];
const total = 1000;
// A killed process keeps its leases for a minute; the next one starts a little more than that later.
const laterMs = 65_000;

describe(`a desk that is killed, on ${testDatabase()}`, () => {
  let inbox: Inbox;
  let imap: Dovecot;
  let sink: SmtpSink;
  let starts = 0;
  before(needsDovecot);
  beforeEach(async () => {
    [imap, sink] = await Promise.all([startDovecot(), startSmtpSink()]);
    inbox = await createInbox();
    // The processes keep the real time: to them a reply of the test's January has been stuck for months, which is told by a mail of its own.
    inbox.desk.clock.advance(Date.now() - inbox.desk.clock.now());
    starts = 0;
    await inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
      since: 'all',
    });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([imap.close(), sink.close()]);
  });

  const start = (crashAt?: string): DeskProcess => {
    starts += 1;
    return startDeskProcess({ database: inbox.desk.database, pluginFolders: [pluginFolder], crashAt, aheadMs: starts * laterMs });
  };

  async function dieAt(point: string): Promise<void> {
    const child = start(point);
    const ended = await Promise.race([child.ended, sleep(90_000, 'alive', { ref: false })]);
    if (ended === 'alive') child.kill('SIGKILL');
    expect(ended, point).to.equal('SIGKILL');
  }

  /** A busy machine may take its time; only a desk that gets nowhere for a minute has failed. */
  async function runUntil(left: () => Promise<number>): Promise<void> {
    const child = start();
    let [least, movedAt] = [Number.POSITIVE_INFINITY, performance.now()];
    for (let now = await left(); now > 0; now = await left()) {
      if (now < least) [least, movedAt] = [now, performance.now()];
      if (performance.now() - movedAt > 60_000) {
        child.kill('SIGKILL');
        throw new Error(`The desk has made no progress for a minute with ${now} left.`);
      }
      await sleep(200);
    }
    child.kill('SIGTERM');
    await child.ended;
  }

  it(`P3: loses and doubles none of ${total} mails, wherever it dies`, async function () {
    this.timeout(900_000);
    // This half is about receiving: without a server nothing is sent.
    await inbox.desk.storage.writeTx((tx) => tx('mailboxes').update({ transport: '{}' }));
    const bodies = Array.from({ length: total }, (_, index) => `mail number ${index}`);
    const share = Math.ceil(total / (receivingPoints.length + 1));
    const deliver = (part: number): void =>
      imap.deliver(
        'help',
        bodies
          .slice(part * share, (part + 1) * share)
          .map((body, index) => mail({ To: 'help@desk.example', From: `customer-${index % 40}@x.example` }, body)),
      );

    for (const [part, point] of receivingPoints.entries()) {
      deliver(part);
      await dieAt(point);
    }
    deliver(receivingPoints.length);
    await runUntil(
      async () => total - Number((await inbox.desk.storage.read('p_email_mails').whereNotNull('acked_at').count({ n: '*' }))[0]?.n),
    );

    const texts: string[] = await inbox.desk.storage.read('messages').pluck('text');
    expect(texts.toSorted()).to.deep.equal(bodies.toSorted());
    expect(await inbox.desk.storage.read('tickets').count({ n: '*' })).to.deep.equal([{ n: total }]);
    expect((await inbox.mails()).every(({ state, dup_of: dup }) => state === 'processed' && dup === null)).to.equal(true);
    expect(await inbox.desk.violations()).to.deep.equal([]);
    expect(await unseen(imap.port)).to.equal(0);
  });

  it("O1, O3: sends each reply once, and twice at most where the server's answer was lost", async function () {
    this.timeout(300_000);
    const opened = await inbox.receive(
      mail({ To: 'support@desk.example', From: 'customer@x.example', 'X-Auto-Response-Suppress': 'All' }),
      'help@desk.example',
    );
    sink.mails.length = 0;
    const replies: string[] = [];
    const doubled: string[] = [];
    for (const point of sendingPoints) {
      for (let index = 0; index < 5; index += 1) {
        const text = `reply ${index} before ${point}`;
        await inbox.desk.as('can').reply(opened.ticket_id ?? 0, { kind: 'reply', text });
        replies.push(text);
      }
      await dieAt(point);
    }
    await runUntil(async () => (await inbox.outbox()).filter(({ state }) => state !== 'sent').length);

    const arrived = new Map<string, string[]>();
    for (const { raw, to } of sink.mails) {
      if (!to.includes('customer@x.example')) continue;
      const { text, messageId } = await parseMail(raw);
      const first = text.trim().split(/\r?\n/)[0] ?? '';
      arrived.set(first, [...(arrived.get(first) ?? []), messageId ?? '']);
    }
    const outbox = await inbox.outbox();
    for (const [text, ids] of arrived) {
      if (ids.length === 1) continue;
      doubled.push(text);
      expect(new Set(ids).size, text).to.equal(1);
      expect(Boolean(outbox.find(({ message_id: id }) => id === `<${ids[0]}>`)?.may_be_doubled), text).to.equal(true);
      expect(ids).to.have.length(2);
    }
    expect([...arrived.keys()].toSorted()).to.deep.equal(replies.toSorted());
    expect(await inbox.desk.violations()).to.deep.equal([]);
    expect(doubled.length, 'only the lost answer doubles').to.be.at.most(1);
  });
});

async function unseen(port: number): Promise<number> {
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, auth: { user: 'help', pass: 'secret' }, logger: false });
  await client.connect();
  await client.mailboxOpen('INBOX', { readOnly: true });
  const found = await client.search({ seen: false });
  await client.logout();
  return found === false || found === undefined ? -1 : found.length;
}
