import { expect } from 'chai';
import { needsDovecot, startDovecot, type Dovecot } from '@helpdesk/core/testing';
import { marksIn, withImap } from './support/imap.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const day = 86_400_000;

describe('marks of filed mail on a real IMAP server', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  before(needsDovecot);
  const start = async (capability?: string): Promise<void> => {
    imap = await startDovecot({ capability });
    inbox = await createInbox();
    await inbox.receivesFrom(imap.port);
  };
  afterEach(async () => {
    await inbox.desk.close();
    await imap.close();
  });

  const set = (values: object): Promise<unknown> => inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update(values));
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');

  it('F5: filed mail is marked read, or keeps a keyword of ours and stays unread', async () => {
    await start();
    imap.deliver('help', [mail({})]);
    await inbox.command('mail fetch');
    await set({ acknowledges_with: 'keep' });
    imap.deliver('help', [mail({})]);
    await inbox.command('mail fetch');

    expect(await marksIn(imap.port, 'INBOX')).to.deep.equal([
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
      await set({ moves_to: 'Processed' });
      imap.deliver('help', [mail({}), mail({})]);
      await inbox.command('mail fetch');
      expect(await marksIn(imap.port, 'INBOX')).to.have.length(0);
      expect(await marksIn(imap.port, 'Processed')).to.have.length(2);

      await set({ moves_to: 'Filed by the desk' });
      imap.deliver('help', [mail({})]);
      await inbox.command('mail fetch');
      await inbox.command('mail fetch');

      expect(await marksIn(imap.port, 'Filed by the desk')).to.have.length(1);
      expect(await inbox.mails()).to.have.length(3);
    });

  it('F5: without MOVE and UIDPLUS filed mail is left, since EXPUNGE would take what others marked', async () => {
    await start('IMAP4rev1 IDLE LITERAL+');
    await set({ moves_to: 'Processed' });
    imap.deliver('help', [mail({}, 'marked by a phone'), mail({}, 'ours')]);
    await inbox.command('mail fetch');

    await withImap(imap.port, async (one) => void (await one.messageFlagsAdd('1', ['\\Deleted'])));
    imap.deliver('help', [mail({}, 'later')]);
    await inbox.command('mail fetch');

    expect(await marksIn(imap.port, 'INBOX')).to.deep.equal(Array.from({ length: 3 }, () => ({ seen: true, keyword: false })));
  });

  it('F5: filed mail is deleted after the days of the mailbox, and no sooner', async () => {
    await start();
    await set({ deletes_after_days: 7 });
    imap.deliver('help', [mail({}), mail({})]);
    await inbox.command('mail fetch');
    inbox.desk.clock.advance(6 * day);
    await inbox.command('mail fetch');
    expect(await marksIn(imap.port, 'INBOX')).to.have.length(2);

    inbox.desk.clock.advance(2 * day);
    await inbox.command('mail fetch');

    expect(await marksIn(imap.port, 'INBOX')).to.have.length(0);
    expect(await inbox.mails()).to.have.length(2);
  });

  it('F5: a mark that the server refuses is tried again and brings no mail in twice (OT #5645)', async () => {
    await start();
    // A folder cannot be made below a name that Dovecot refuses.
    await set({ moves_to: '/../outside' });
    imap.deliver('help', [mail({})]);
    const refused = await inbox.command('mail fetch').catch((error: unknown) => error);
    await inbox.command('mail fetch').catch(() => undefined);

    expect(refused).to.include({ code: 'email-inbox.fetch-failed' });
    expect(await inbox.mails()).to.have.length(1);
    await set({ moves_to: 'Processed' });
    await inbox.command('mail fetch');
    expect([await marksIn(imap.port, 'INBOX'), await marksIn(imap.port, 'Processed')].map(({ length }) => length)).to.deep.equal([0, 1]);
    expect(await texts()).to.have.length(1);
  });
});
