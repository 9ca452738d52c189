import { readdirSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { needsDovecot, startDovecot, startSmtpSink, until, type Dovecot, type SmtpSink } from '@helpdesk/core/testing';
import { openImap, within } from '../imap-connection.ts';
import { backoff } from '../watching.ts';
import { marksIn, withImap } from './support/imap.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { startProxy } from './support/proxy.ts';

const day = 86_400_000;
const account = { host: '127.0.0.1', encryption: 'auto', user: 'help', password: 'secret', isOperators: true } as const;

describe('fetching from a real IMAP server', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    [sink, imap] = await Promise.all([startSmtpSink(), startDovecot()]);
    inbox = await createInbox();
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([sink.close(), imap.close()]);
  });

  const add = (options: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
      ...options,
    });
  const receiver = () => inbox.desk.storage.read('p_email_receivers').first();
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');
  // Dovecot takes the time of the file for the time of arrival.
  const setArrival = (user: string, at: number): void => {
    const folder = path.join(imap.maildir(user), 'new');
    for (const name of readdirSync(folder)) utimesSync(path.join(folder, name), new Date(at), new Date(at));
  };

  it('F1: the cursor is the last stored uid, and the last mail that n:* repeats is dropped', async () => {
    await add();
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two')]);
    await inbox.command('mail fetch');
    const after = await receiver();

    await inbox.command('mail fetch');
    await inbox.command('mail fetch');

    expect(after.last_uid).to.equal(2);
    expect(await inbox.mails()).to.have.length(2);
    // What arrives while a session looks elsewhere has a higher uid, and comes with the next pass.
    imap.deliver('help', [mail({}, 'three')]);
    await inbox.command('mail fetch');
    expect(await texts()).to.deep.equal(['one', 'two', 'three']);
  });

  it('F2: a new mailbox starts where its folder ends, or as many days back as asked', async () => {
    imap.deliver('help', [mail({}, 'before')]);
    await add();
    imap.deliver('help', [mail({}, 'after')]);
    await inbox.command('mail fetch');
    expect(await texts()).to.deep.equal(['after']);

    imap.deliver('old', [mail({ Date: 'Mon, 05 Jan 2026 08:00:00 +0000' }, 'archived')]);
    setArrival('old', inbox.desk.clock.now() - day);
    await add({ address: 'old@desk.example', imap: `imap://old:secret@127.0.0.1:${imap.port}`, since: '9000' });
    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['after', 'archived']);
    await inbox.desk.settle();
    // Archive mode: nobody is answered.
    expect((await inbox.outbox()).filter(({ kind }) => kind === 'acknowledgement')).to.have.length(1);
  });

  it('F3: a folder that is numbered anew is read again for 30 days, and nothing is doubled (paperless-ngx #8939, espocrm PR 3655)', async () => {
    imap.deliver('help', [mail({}, 'from before the 30 days')]);
    setArrival('help', inbox.desk.clock.now() - 31 * day);
    await add();
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two')]);
    await inbox.command('mail fetch');
    const before = await receiver();
    await sleep(1100);
    for (const name of readdirSync(imap.maildir('help'))) if (name.startsWith('dovecot')) rmSync(path.join(imap.maildir('help'), name));
    imap.deliver('help', [mail({}, 'three')]);

    await inbox.command('mail fetch');

    const after = await receiver();
    expect(after.uidvalidity).to.not.equal(before.uidvalidity);
    expect((await texts()).toSorted()).to.deep.equal(['one', 'three', 'two']);
    expect((await inbox.mails()).filter(({ dup_of: dup }) => dup !== null)).to.have.length(2);
  });

  // Also FS #4624, #4047.
  it('F4: mail that somebody read elsewhere, or that is older than an outage, is fetched all the same (FS #3406, #2001)', async () => {
    await add();
    imap.deliver('help', [mail({}, 'read on a phone'), mail({}, 'unread')]);
    await withImap(imap.port, async (one) => void (await one.messageFlagsAdd('1', ['\\Seen'])));
    inbox.desk.clock.advance(20 * day);

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['read on a phone', 'unread']);
  });

  it('F4: a ticket that was deleted does not come back while its mail is still in the folder (LD #142)', async () => {
    await add();
    imap.deliver('help', [mail({}, 'unwanted')]);
    await inbox.command('mail fetch');
    await inbox.desk.storage.writeTx((tx) => tx('tickets').update({ place: 'trash', deleted_at: inbox.desk.clock.now() }));
    imap.deliver('help', [mail({ Subject: 'Another' }, 'wanted')]);

    await inbox.command('mail fetch');

    expect(await inbox.desk.storage.read('tickets').orderBy('id').pluck('place')).to.deep.equal(['trash', 'desk']);
    expect(await texts()).to.deep.equal(['unwanted', 'wanted']);
  });

  it('F4: deleting a mail on the server while fetching skips no other (OT #6979)', async () => {
    await add();
    imap.deliver(
      'help',
      Array.from({ length: 6 }, (_, index) => mail({}, `mail ${index}`)),
    );
    await withImap(imap.port, async (one) => void (await one.messageDelete('1,3', { uid: true })));

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['mail 1', 'mail 3', 'mail 4', 'mail 5']);
  });

  it('F5: drafts and deleted mail are not fetched (LD #355)', async () => {
    await add();
    imap.deliver('help', [mail({}, 'a draft'), mail({}, 'deleted'), mail({}, 'real')]);
    await withImap(imap.port, async (one) => {
      await one.messageFlagsAdd('1', ['\\Draft']);
      await one.messageFlagsAdd('2', ['\\Deleted']);
    });

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['real']);
  });

  it('F6: IDLE starts over after at most nine minutes', async () => {
    const proxy = await startProxy(imap.port);
    let idles = 0;
    proxy.answers = (command) => {
      if (command === 'IDLE') idles += 1;
      return undefined;
    };
    const one = await openImap({ ...account, port: proxy.port });
    const longest: unknown = Reflect.get(one, 'maxIdleTime');
    // Nine minutes are too long to wait for.
    Reflect.set(one, 'maxIdleTime', 200);
    await within(one, 'SELECT', one.mailboxOpen('INBOX'));
    await until(() => idles > 2);
    one.close();
    await proxy.close();

    expect(longest).to.be.at.most(9 * 60_000);
  });

  it('F6: one bad mail does not stop those behind it (FS #4740)', async () => {
    await add();
    const broken = inbox.desk.app.desk.hooks
      .forPlugin('core', 0)
      .filter('ticket.draft', (draft) =>
        draft.subject === 'Poison' ? { ...draft, message: { ...draft.message, attachments: [{ fileId: 999_999 }] } } : draft,
      );
    imap.deliver('help', [mail({ Subject: 'Poison' }, 'poison'), mail({}, 'good')]);

    await inbox.command('mail fetch');
    broken.dispose();

    expect((await inbox.mails()).map(({ state }) => state)).to.deep.equal(['new', 'processed']);
    expect(await marksIn(imap.port, 'INBOX')).to.deep.equal([
      { seen: false, keyword: false },
      { seen: true, keyword: false },
    ]);
  });

  it('F7: a connection that closes during a command ends the command and not the process', async () => {
    await add();
    imap.deliver('help', [mail({})]);
    const one = await openImap({ ...account, port: imap.port });
    await within(one, 'SELECT', one.mailboxOpen('INBOX'));
    const listing = within(one, 'list', one.fetchAll('1:*', { uid: true, source: true }));
    one.close();

    const error = await listing.catch((cause: unknown) => cause);

    expect(error).to.be.instanceOf(Error);
    await inbox.command('mail fetch');
    expect(await texts()).to.have.length(1);
  });
});

describe('reconnecting', () => {
  it('F6: waits 1 s to 5 min between tries, never the same for two mailboxes', () => {
    const waits = Array.from({ length: 12 }, (_, failures) => Array.from({ length: 50 }, () => backoff(failures + 1)));

    for (const [index, ones] of waits.entries()) {
      const middle = Math.min(1000 * 2 ** index, 300_000);
      expect(Math.min(...ones)).to.be.at.least(middle * 0.8);
      expect(Math.max(...ones)).to.be.at.most(middle * 1.2);
      expect(new Set(ones).size).to.be.greaterThan(40);
    }
  });
});
