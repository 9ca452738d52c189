import { readdirSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import { needsDovecot, startDovecot, startSmtpSink, type Dovecot, type SmtpSink } from '@helpdesk/core/testing';
import { openImap, within } from '../imap-connection.ts';
import { backoff } from '../watching.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { startProxy } from './support/proxy.ts';

const day = 86_400_000;
const account = { host: '127.0.0.1', encryption: 'auto', user: 'help', password: 'secret', isOperators: true } as const;

describe('fetching from a real IMAP server', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let imap: Dovecot;
  before(needsDovecot);
  const start = async (capability?: string): Promise<void> => {
    [sink, imap] = await Promise.all([startSmtpSink(), startDovecot({ capability })]);
    inbox = await createInbox();
  };
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
  const set = (values: object): Promise<unknown> => inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update(values));
  const receiver = () => inbox.desk.storage.read('p_email_receivers').first();
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');
  const client = async (work: (imapClient: ImapFlow) => Promise<void>, folder = 'INBOX'): Promise<void> => {
    const imapClient = new ImapFlow({
      host: '127.0.0.1',
      port: imap.port,
      secure: false,
      auth: { user: 'help', pass: 'secret' },
      logger: false,
    });
    await imapClient.connect();
    await imapClient.mailboxOpen(folder);
    await work(imapClient);
    await imapClient.logout();
  };
  // Dovecot takes the time of the file for the time of arrival.
  const setArrival = (user: string, at: number): void => {
    const folder = path.join(imap.maildir(user), 'new');
    for (const name of readdirSync(folder)) utimesSync(path.join(folder, name), new Date(at), new Date(at));
  };
  const inFolder = async (folder: string): Promise<readonly { seen: boolean; keyword: boolean }[]> => {
    let found: readonly { seen: boolean; keyword: boolean }[] = [];
    await client(async (one) => {
      if (one.mailbox !== false && one.mailbox.exists > 0)
        found = (await one.fetchAll('1:*', { flags: true })).map(({ flags }) => ({
          seen: flags?.has('\\Seen') === true,
          keyword: flags?.has('$DeskImported') === true,
        }));
    }, folder);
    return found;
  };

  it('F1: the cursor is the last stored uid, and the last mail that n:* repeats is dropped', async () => {
    await start();
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
    await start();
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
    await start();
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

  it('F4: mail that somebody read elsewhere, or that is older than an outage, is fetched all the same (FS #3406, #2001)', async () => {
    await start();
    await add();
    imap.deliver('help', [mail({}, 'read on a phone'), mail({}, 'unread')]);
    await client(async (one) => void (await one.messageFlagsAdd('1', ['\\Seen'])));
    inbox.desk.clock.advance(20 * day);

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['read on a phone', 'unread']);
  });

  it('F4: a ticket that was deleted does not come back while its mail is still in the folder (LD #142)', async () => {
    await start();
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
    await start();
    await add();
    imap.deliver(
      'help',
      Array.from({ length: 6 }, (_, index) => mail({}, `mail ${index}`)),
    );
    await client(async (one) => void (await one.messageDelete('1,3', { uid: true })));

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['mail 1', 'mail 3', 'mail 4', 'mail 5']);
  });

  it('F5: filed mail is marked read, or keeps a keyword of ours and stays unread', async () => {
    await start();
    await add();
    imap.deliver('help', [mail({})]);
    await inbox.command('mail fetch');
    await set({ acknowledges_with: 'keep' });
    imap.deliver('help', [mail({})]);
    await inbox.command('mail fetch');

    expect(await inFolder('INBOX')).to.deep.equal([
      { seen: true, keyword: false },
      { seen: false, keyword: true },
    ]);
  });

  for (const [how, capability] of [
    ['with MOVE', undefined],
    ['with COPY and UID EXPUNGE where there is no MOVE', 'IMAP4rev1 UIDPLUS IDLE LITERAL+'],
  ] as const)
    it(`F5: filed mail moves to a folder, ${how}, and to a new one when it is missing`, async () => {
      await start(capability);
      await add();
      await set({ moves_to: 'Processed' });
      imap.deliver('help', [mail({}), mail({})]);
      await inbox.command('mail fetch');
      expect(await inFolder('INBOX')).to.have.length(0);
      expect(await inFolder('Processed')).to.have.length(2);

      await set({ moves_to: 'Filed by the desk' });
      imap.deliver('help', [mail({})]);
      await inbox.command('mail fetch');
      await inbox.command('mail fetch');

      expect(await inFolder('Filed by the desk')).to.have.length(1);
      expect(await inbox.mails()).to.have.length(3);
    });

  it('F5: without MOVE and UIDPLUS filed mail is left, since EXPUNGE would take what others marked', async () => {
    await start('IMAP4rev1 IDLE LITERAL+');
    await add();
    await set({ moves_to: 'Processed' });
    imap.deliver('help', [mail({}, 'marked by a phone'), mail({}, 'ours')]);
    await inbox.command('mail fetch');

    await client(async (one) => void (await one.messageFlagsAdd('1', ['\\Deleted'])));
    imap.deliver('help', [mail({}, 'later')]);
    await inbox.command('mail fetch');

    expect(await inFolder('INBOX')).to.deep.equal(Array.from({ length: 3 }, () => ({ seen: true, keyword: false })));
  });

  it('F5: filed mail is deleted after the days of the mailbox, and no sooner', async () => {
    await start();
    await add();
    await set({ deletes_after_days: 7 });
    imap.deliver('help', [mail({}), mail({})]);
    await inbox.command('mail fetch');
    inbox.desk.clock.advance(6 * day);
    await inbox.command('mail fetch');
    expect(await inFolder('INBOX')).to.have.length(2);

    inbox.desk.clock.advance(2 * day);
    await inbox.command('mail fetch');

    expect(await inFolder('INBOX')).to.have.length(0);
    expect(await inbox.mails()).to.have.length(2);
  });

  it('F5: a mark that the server refuses is tried again and brings no mail in twice (OT #5645)', async () => {
    await start();
    await add();
    // A folder cannot be made below a name that Dovecot refuses.
    await set({ moves_to: '/../outside' });
    imap.deliver('help', [mail({})]);
    const refused = await inbox.command('mail fetch').catch((error: unknown) => error);
    await inbox.command('mail fetch').catch(() => undefined);

    expect(refused).to.include({ code: 'email-inbox.fetch-failed' });
    expect(await inbox.mails()).to.have.length(1);
    await set({ moves_to: 'Processed' });
    await inbox.command('mail fetch');
    expect([await inFolder('INBOX'), await inFolder('Processed')].map(({ length }) => length)).to.deep.equal([0, 1]);
    expect(await texts()).to.have.length(1);
  });

  it('F5: drafts and deleted mail are not fetched (LD #355)', async () => {
    await start();
    await add();
    imap.deliver('help', [mail({}, 'a draft'), mail({}, 'deleted'), mail({}, 'real')]);
    await client(async (one) => {
      await one.messageFlagsAdd('1', ['\\Draft']);
      await one.messageFlagsAdd('2', ['\\Deleted']);
    });

    await inbox.command('mail fetch');

    expect(await texts()).to.deep.equal(['real']);
  });

  it('F6: IDLE starts over after at most nine minutes', async () => {
    await start();
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
    await sleep(1500);
    one.close();
    await proxy.close();

    expect(longest).to.be.at.most(9 * 60_000);
    expect(idles).to.be.greaterThan(2);
  });

  it('F6: one bad mail does not stop those behind it (FS #4740)', async () => {
    await start();
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
    expect(await inFolder('INBOX')).to.deep.equal([
      { seen: false, keyword: false },
      { seen: true, keyword: false },
    ]);
  });

  it('F7: a connection that closes during a command ends the command and not the process', async () => {
    await start();
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
