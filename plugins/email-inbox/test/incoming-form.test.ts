import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { needsDovecot, startDovecot, type Dovecot } from '@helpdesk/core/testing';
import { isOtherAccount } from '../mailbox-setup.ts';
import { withImap } from './support/imap.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const day = 86_400_000;

describe('the form of incoming mail', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    imap = await startDovecot();
    inbox = await createInbox({ privateHosts: ['127.0.0.1'] });
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
  const put = (folder: string, raw: Buffer, receivedAt: number): Promise<void> =>
    withImap(imap.port, async (client) => void (await client.append(folder, raw, [], new Date(receivedAt))));
  const texts = async (): Promise<readonly string[]> => inbox.desk.storage.read('messages').orderBy('id').pluck('text');

  it('F3: another folder goes on where the one before was fetched last, and nothing is doubled', async () => {
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

  it('P1, F5: mail of an account whose numbering looks the same is stored, and no mark of the one before reaches it', async () => {
    imap.deliver('help', [mail({}, 'filed'), mail({}, 'also filed')]);
    await inbox.command('mail fetch');
    const { storage, clock } = inbox.desk;
    const { uidvalidity } = await storage.read('p_email_receivers').first();
    imap.deliver('other', [mail({}, 'another mail')]);
    writeFileSync(path.join(imap.maildir('other'), 'dovecot-uidlist'), `3 V${uidvalidity} N1\n`);
    await storage.writeTx(async (tx) => {
      await tx('p_email_mails').update({ acked_at: null, remove_at: 1 });
      await tx('p_email_receivers').update({ user: 'other', account: 1, last_uid: 0, since_at: 1, deletes_after_days: 9 });
    });

    await inbox.command('mail fetch');

    expect((await storage.read('p_email_receivers').first()).uidvalidity).to.equal(uidvalidity);
    expect(await texts()).to.deep.equal(['filed', 'also filed', 'another mail']);
    const rows = await storage.read('p_email_mails').orderBy('id').select('account', 'uid', 'remove_at');
    expect(rows).to.deep.equal([
      { account: 0, uid: 1, remove_at: 1 },
      { account: 0, uid: 2, remove_at: 1 },
      { account: 1, uid: 1, remove_at: clock.now() + 9 * day },
    ]);
  });

  it('P1, T1: another account starts with the mail of the last day, and what a test mail proved of the one before is forgotten', async () => {
    const { storage } = inbox.desk;
    await inbox.command('mail fetch');
    await storage.writeTx((tx) =>
      tx('p_email_receivers').update({ plus_proven_at: 1, signs_addresses: true, seen_authserv_id: 'mx.x.example', own_hops: 2 }),
    );
    imap.deliver('other', [mail({}, 'another mail')]);

    const kept = await save({ signsAddresses: 'on' });
    const refused = await save({ user: 'other', password: 'secret', signsAddresses: 'on' });
    const moved = await save({ user: 'other', password: 'secret' });
    const row = await storage.read('p_email_receivers').first();
    await inbox.command('mail fetch');

    expect([kept.status, refused.status, moved.status]).to.deep.equal([303, 422, 303]);
    expect({ ...row, signs_addresses: Boolean(row.signs_addresses) }).to.include({
      user: 'other',
      account: 1,
      last_uid: 0,
      signs_addresses: false,
      plus_proven_at: null,
      seen_authserv_id: null,
      own_hops: 0,
    });
    expect(await texts()).to.deep.equal(['another mail']);
  });

  it('reaches no host of the private network but those that the operator allows', async () => {
    const refused = await save({ host: '127.0.0.2', password: 'secret' });

    expect(refused.status).to.equal(422);
    expect(await refused.text()).to.include('127.0.0.2 lies in a private network.');
    expect((await inbox.desk.storage.read('p_email_receivers').first()).host).to.equal('127.0.0.1');
  });

  it('P1: another host or user is another account, its name left out is not', () => {
    const known = { host: 'imap.x.example', user: 'help@x.example' };
    const isOther = (changed: object): boolean => isOtherAccount(known, { ...known, ...changed }, 'help@x.example');

    expect([isOther({ user: null }), isOther({ user: 'sales@x.example' }), isOther({ host: 'mail.x.example' })]).to.deep.equal([
      false,
      true,
      true,
    ]);
  });

  it('T1: signs no addresses before a test mail has shown that they arrive (LD #233)', async () => {
    const receiver = () => inbox.desk.storage.read('p_email_receivers').first();
    const refused = await save({ signsAddresses: 'on' });
    const before = await receiver();
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ plus_proven_at: 1 }));

    const taken = await save({ signsAddresses: 'on' });

    expect([refused.status, taken.status]).to.deep.equal([422, 303]);
    expect(await refused.text()).to.include('Send a test mail to yourself first');
    expect([before, await receiver()].map((row) => Boolean(row.signs_addresses))).to.deep.equal([false, true]);
  });

  it('T3: puts marks into bodies where the form says so, and not before', async () => {
    const marks = async () => Boolean((await inbox.desk.storage.read('p_email_receivers').first('marks_bodies')).marks_bodies);
    const before = await marks();

    await save({ marksBodies: 'on' });
    const after = await marks();
    await save({});

    expect([before, after, await marks()]).to.deep.equal([false, true, false]);
  });

  it('X1: offers no folder of spam, and takes none', async () => {
    await withImap(imap.port, async (client) => void (await client.mailboxCreate('Junk')));
    const offered = await (await save({ step: 'test' })).text();

    const refused = await save({ folder: 'Junk' });

    expect(offered).to.include('value="Processed"').and.not.include('value="Junk"');
    expect(refused.status).to.equal(422);
    expect(await refused.text()).to.include('Junk is the folder of spam, which is never fetched.');
    expect((await inbox.desk.storage.read('p_email_receivers').first()).folder).to.equal('INBOX');
  });

  it('X1: a folder of spam that was chosen before the server could be asked is not fetched', async () => {
    await put('Processed', mail({}, 'no spam'), Date.now());
    await withImap(imap.port, async (client) => void (await client.mailboxRename('Processed', 'Junk')));
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ folder: 'Junk' }));

    const refused = await inbox.command('mail fetch').catch((error: unknown) => error);

    expect(refused).to.include({ code: 'email-inbox.fetch-failed' });
    expect(await texts()).to.deep.equal([]);
  });
});
