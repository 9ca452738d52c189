import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import { needsDovecot, startDovecot, type Dovecot } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const day = 86_400_000;

describe('a mailbox that gets another server, account or folder', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    imap = await startDovecot();
    inbox = await createInbox();
    await inbox.receivesFrom(imap.port);
  });
  afterEach(async () => {
    await inbox.desk.close();
    await imap.close();
  });

  const save = (changed: Readonly<Record<string, string>>): Promise<Response> =>
    inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${inbox.mailboxId}`, {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({
        active: 'on',
        host: '127.0.0.1',
        port: String(imap.port),
        encryption: 'auto',
        user: 'help',
        folder: 'INBOX',
        filedMail: 'seen',
        step: 'save',
        ...changed,
      }),
    });
  const put = async (folder: string, raw: Buffer, receivedAt: number): Promise<void> => {
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: imap.port,
      secure: false,
      auth: { user: 'help', pass: 'secret' },
      logger: false,
    });
    await client.connect();
    await client.append(folder, raw, [], new Date(receivedAt));
    await client.logout();
  };
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');

  it('F3: goes on where it was fetched last, and nothing is doubled', async () => {
    const both = mail({}, 'in both folders');
    imap.deliver('help', [both]);
    await inbox.command('mail fetch');
    const fetchedAt = inbox.desk.clock.now();
    inbox.desk.clock.advance(10 * day);
    await put('Processed', mail({}, 'long before'), fetchedAt - 5 * day);
    await put('Processed', both, fetchedAt);
    await put('Processed', mail({}, 'while nobody fetched'), fetchedAt + 5 * day);

    const saved = await save({ folder: 'Processed' });
    await inbox.command('mail fetch');

    expect(saved.status).to.equal(303);
    expect(await texts()).to.deep.equal(['in both folders', 'while nobody fetched']);
  });
});
