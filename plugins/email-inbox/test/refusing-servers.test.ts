import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { needsDovecot, startDovecot, type Dovecot } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { startProxy } from './support/proxy.ts';

const minute = 60_000;

describe('a server that refuses', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  before(needsDovecot);
  const start = async (capability?: string): Promise<void> => {
    imap = await startDovecot({ capability });
    proxy = await startProxy(imap.port);
    inbox = await createInbox();
    await inbox.receivesFrom(proxy.port);
  };
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([proxy.close(), imap.close()]);
  });

  const fetch = (): Promise<unknown> => inbox.command('mail fetch').catch((error: unknown) => error);
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');
  const count = (folder: string): number =>
    ['new', 'cur'].flatMap((part) => readdirSync(path.join(imap.maildir('help'), folder, part))).length;
  /** Whether a command asks for this mail and this part of it. */
  const asksFor = (command: string, uid: number, part: string): boolean => {
    const [, uids = ''] = /^UID FETCH (\S+)/.exec(command) ?? [];
    const holds = uids.split(',').some((range) => {
      const [first = 0, last = first] = range.split(':').map(Number);
      return first <= uid && uid <= last;
    });
    return holds && command.includes(part);
  };

  it('F6: a mail that it does not deliver stops neither those before it nor, in the end, those behind, and shows its header (ZA 2754)', async () => {
    await start();
    proxy.answers = (command) => (asksFor(command, 2, 'BODY.PEEK[]') ? 'NO [SERVERBUG] Internal error' : undefined);
    imap.deliver('help', [mail({}, 'one'), mail({ Subject: 'Poison' }, 'two'), mail({}, 'three')]);

    const first = await fetch();
    const before = await texts();
    for (let round = 0; round < 3; round += 1) {
      inbox.desk.clock.advance(5 * minute);
      await fetch();
    }

    expect(first).to.include({ code: 'email-inbox.fetch-failed' });
    expect(before).to.deep.equal(['one']);
    expect((await texts()).filter((text) => text === 'three')).to.have.length(1);
    const [, poison] = await inbox.mails();
    expect(poison?.state).to.equal('processed');
    expect(poison?.reason).to.include('Internal error');
    expect((await inbox.ticket(poison?.ticket_id ?? null)).subject).to.equal('Poison');
  });

  it('F6: a mail at each part of which the line breaks is held with its reason, and Retry brings it once the server delivers it', async () => {
    await start();
    proxy.answers = (command) => (asksFor(command, 2, 'BODY.PEEK[') ? 'close' : undefined);
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two'), mail({}, 'three')]);

    for (let round = 0; round < 6; round += 1) {
      await fetch();
      inbox.desk.clock.advance(4 * minute);
    }

    expect(await texts()).to.deep.equal(['one', 'three']);
    expect((await inbox.mails()).map(({ state }) => state)).to.deep.equal(['processed', 'failed', 'processed']);
    const page = await (await inbox.desk.fetch('/admin/p/email-inbox', { as: 'ada' })).text();
    expect(page).to.include('The mail server did not deliver this mail:');

    const held = (await inbox.mails()).find(({ state }) => state === 'failed');
    const retry = async (): Promise<string | undefined> => {
      await inbox.desk.fetch(`/admin/p/email-inbox/mails/${held?.id}/retry`, { method: 'POST', as: 'ada' });
      await inbox.desk.settle();
      return (await inbox.mails()).find(({ id }) => id === held?.id)?.state;
    };
    expect(await retry(), 'while the line still breaks').to.equal('new');
    proxy.answers = undefined;
    inbox.desk.clock.advance(15 * minute);
    await inbox.desk.settle();

    expect((await texts()).toSorted()).to.deep.equal(['one', 'three', 'two']);
    expect((await inbox.mails()).every(({ state, attempts }) => state === 'processed' && attempts <= 1)).to.equal(true);
  });

  it('F6: no mail is passed while it delivers none, however long', async () => {
    await start();
    proxy.answers = (command) => (command.includes('BODY.PEEK[') ? 'NO [SERVERBUG] Internal error' : undefined);
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two')]);
    for (let round = 0; round < 9; round += 1) {
      await fetch();
      inbox.desk.clock.advance(10 * minute);
    }

    proxy.answers = undefined;
    await fetch();

    expect(await texts()).to.deep.equal(['one', 'two']);
  });

  it('F1: a mail that it lists and does not send is not passed over in silence', async () => {
    await start();
    proxy.answers = (command) => (asksFor(command, 1, 'BODY.PEEK[]') ? 'OK Nothing to say' : undefined);
    imap.deliver('help', [mail({ Subject: 'Silent' }, 'one'), mail({}, 'two')]);

    const first = await fetch();
    for (let round = 0; round < 3; round += 1) {
      inbox.desk.clock.advance(5 * minute);
      await fetch();
    }

    expect(first).to.include({ code: 'email-inbox.fetch-failed' });
    const [silent, two] = await inbox.mails();
    expect(silent?.reason).to.include('lists a mail and does not send it');
    expect([silent?.state, two?.state]).to.deep.equal(['processed', 'processed']);
  });

  it('F1: a mail that it counts already and lists only later is fetched then', async () => {
    await start();
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two')]);
    const listed = '* 1 FETCH (UID 1 RFC822.SIZE 300 FLAGS () INTERNALDATE "05-Jan-2026 09:00:00 +0000")';
    proxy.answers = (command) => (command.includes('RFC822.SIZE') ? `${listed}\r\nOK Done` : undefined);
    await fetch();
    const before = await texts();
    proxy.answers = undefined;

    await fetch();

    expect(before).to.deep.equal(['one']);
    expect(await texts()).to.deep.equal(['one', 'two']);
  });

  it('F3: gets no long command, however many mails a search finds', async () => {
    await start();
    const found = [1, 2, ...Array.from({ length: 3000 }, (_, index) => 4_000_000_000 + index * 2)];
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ since_at: 1 }));
    imap.deliver('help', [mail({}, 'one'), mail({}, 'two')]);
    proxy.answers = (command) => {
      if (command.startsWith('UID SEARCH')) return `* SEARCH ${found.join(' ')}\r\nOK found`;
      return command.length > 8000 ? 'BAD Too long a line' : undefined;
    };

    const done = await fetch();

    expect(done).to.deep.equal([{ mailboxId: inbox.mailboxId, fetched: 2 }]);
    expect(await texts()).to.deep.equal(['one', 'two']);
  });

  it('F3: a search that it refuses is no empty folder', async () => {
    await start();
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ since_at: 1 }));
    imap.deliver('help', [mail({}, 'one')]);
    proxy.answers = (command) => (command.startsWith('UID SEARCH') ? 'NO [UNAVAILABLE] Not now' : undefined);

    const refused = await fetch();

    expect(refused).to.include({ code: 'email-inbox.fetch-failed' });
    expect((await inbox.desk.storage.read('p_email_receivers').first()).last_error).to.include('refused to search');
  });

  it('O3: whether a mail was sent is not known where it refuses to search the folder of sent mail', async () => {
    await start();
    const folder = inbox.desk.app.plugins.services.get('mail.sent-folder');
    const missing = await folder?.has(inbox.mailboxId, '<missing@desk.example>');
    proxy.answers = (command) => (command.startsWith('UID SEARCH') ? 'NO [UNAVAILABLE] Not now' : undefined);

    const refused = await folder?.has(inbox.mailboxId, '<missing@desk.example>').catch((error: unknown) => error);

    expect(missing).to.equal(false);
    expect(refused).to.include({ code: 'email-inbox.search-refused' });
  });

  it('F5: filed mail is copied once where it cannot move and the original is not let go (OT #2520)', async () => {
    await start('IMAP4rev1 UIDPLUS IDLE LITERAL+');
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ moves_to: 'Processed' }));
    imap.deliver('help', [mail({}, 'one')]);
    proxy.answers = (command) => (command.includes('\\Deleted') ? 'NO [NOPERM] Not allowed' : undefined);
    const refused = await fetch();
    await fetch();
    const before = [count('.'), count('.Processed')];
    proxy.answers = undefined;

    await fetch();

    expect(refused).to.include({ code: 'email-inbox.fetch-failed' });
    expect(before).to.deep.equal([1, 1]);
    expect([count('.'), count('.Processed')]).to.deep.equal([0, 1]);
  });
});
