import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { needsDovecot, startDovecot, startSmtpSink, until, type Dovecot, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from '../support/inbox.ts';
import { startProxy } from '../support/proxy.ts';

describe('a line to the IMAP server that fails', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  let sink: SmtpSink;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  before(needsDovecot);
  beforeEach(async () => {
    [imap, sink] = await Promise.all([startDovecot(), startSmtpSink()]);
    proxy = await startProxy(imap.port);
    inbox = await createInbox({ role: 'all' });
    await inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${proxy.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
      since: 'all',
    });
  });
  afterEach(async () => {
    expect(await inbox.desk.violations()).to.deep.equal([]);
    await inbox.desk.close();
    await Promise.all([proxy.close(), imap.close(), sink.close()]);
  });

  const stored = (count: number) =>
    until(async () => (await inbox.desk.storage.read('messages').where({ channel: 'email' })).length >= count);
  const receiver = () => inbox.desk.storage.read('p_email_receivers').first();

  it('stores nothing in part when it is cut in the middle of mails, and all in the end', async function () {
    this.timeout(120_000);
    const bodies = Array.from({ length: 40 }, (_, index) => `mail ${index} ${'x'.repeat(4000)}`);
    proxy.cutAfter = 9000;
    imap.deliver(
      'help',
      bodies.map((body) => mail({}, body)),
    );
    await until(async () => (await receiver()).last_error !== null);
    const before = proxy.connections;
    proxy.cutAfter = 60_000;
    // One that is cut there, and the one that follows it.
    await until(() => proxy.connections >= before + 2);
    proxy.cutAfter = Number.POSITIVE_INFINITY;

    await stored(40);

    const texts: string[] = await inbox.desk.storage.read('messages').pluck('text');
    expect(texts.toSorted()).to.deep.equal(bodies.toSorted());
    expect(proxy.connections).to.be.within(3, 30);
  });

  it('F6: is given up when it hangs, and mail comes in over a new one (imapflow #14, #13, #98)', async function () {
    this.timeout(170_000);
    imap.deliver('help', [mail({}, 'before')]);
    await stored(1);
    proxy.isStuck = true;
    imap.deliver('help', [mail({}, 'while it hangs')]);
    // The poll each minute runs into the limit of 30 seconds.
    await until(async () => (await receiver()).last_error !== null);
    proxy.isStuck = false;

    await stored(2);
  });

  it('does not hammer a server that refuses the password', async function () {
    this.timeout(60_000);
    await inbox.desk.storage.writeTx(async (tx) => {
      await tx('p_email_receivers').update({ user: '', version: tx.raw('version + 1') });
    });
    const before = proxy.connections;
    await until(async () => (await receiver()).state === 'refused');
    await sleep(15_000);

    expect(proxy.connections - before).to.be.at.most(3);
  });
});
