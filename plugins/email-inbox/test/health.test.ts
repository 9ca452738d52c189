import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { freePort, needsDovecot, startDovecot, startSmtpSink, type Dovecot, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const minute = 60_000;

describe('the health of mailboxes', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const receiving = (mailboxId: number, more: object = {}): Promise<unknown> =>
    inbox.addReceiver({
      mailbox_id: mailboxId,
      state: 'active',
      created_at: inbox.desk.clock.now(),
      last_fetch_at: inbox.desk.clock.now(),
      ...more,
    });
  const alert = async (): Promise<void> => {
    await inbox.desk.storage.writeTx((tx) =>
      inbox.desk.app.desk.jobs.enqueue(tx, { name: 'email-inbox.alert', payload: {}, plugin: 'email-inbox' }),
    );
    await inbox.desk.settle();
  };
  const alerts = () => sink.mails.filter(({ raw }) => /^Subject: sales@desk\.example receives no mail/m.test(raw.toString()));
  const page = async (address: string, as: 'ada' | 'can' = 'ada'): Promise<string> => (await inbox.desk.fetch(address, { as })).text();

  it('tells administrators once when a mailbox fetches nothing for the configured time, by mail of another one', async () => {
    const sales = await inbox.addMailbox('sales@desk.example', sink.port);
    await receiving(sales, { last_error: 'No route.' });
    inbox.desk.clock.advance(14 * minute);
    await alert();
    expect(alerts()).to.have.length(0);

    for (let round = 0; round < 5; round += 1) {
      inbox.desk.clock.advance(10 * minute);
      await alert();
    }

    expect(alerts()).to.have.length(1);
    expect(alerts()[0]).to.deep.include({ to: ['ada@example.com'], from: 'support@desk.example' });
    expect(alerts()[0]?.raw.toString()).to.include('No route.');
    expect(await page('/desk/inbox/mine')).to.include('has not received mail for a while');
    expect(await page('/desk/inbox/mine', 'can')).to.not.include('has not received mail for a while');

    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ last_fetch_at: inbox.desk.clock.now(), last_error: null }));
    await alert();
    inbox.desk.clock.advance(20 * minute);
    await alert();
    expect(alerts()).to.have.length(2);
  });

  it('tells administrators of a mailbox that only sends, once, when its mail has waited for the configured time', async () => {
    const closed = await freePort();
    const sales = await inbox.addMailbox('sales@desk.example', closed);
    const { ticket_id: ticketId } = await inbox.receive(mail({ To: 'sales@desk.example', 'X-Auto-Response-Suppress': 'All' }));
    await inbox.desk.storage.writeTx((tx) => tx('mailboxes').where({ id: sales }).update({ acknowledges: false }));
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
    const silent = () => sink.mails.filter(({ raw }) => /^Subject: sales@desk\.example sends no mail/m.test(raw.toString()));

    for (let round = 0; round < 4; round += 1) {
      inbox.desk.clock.advance(6 * minute);
      await alert();
    }

    expect(silent()).to.have.length(1);
    expect(silent()[0]).to.deep.include({ to: ['ada@example.com'], from: 'support@desk.example' });
    expect(await page('/desk/inbox/mine')).to.include('has not sent mail for a while');
    await inbox.desk.storage.writeTx((tx) => tx('outbox').where({ mailbox_id: sales }).update({ state: 'sent' }));
    await alert();
    expect(await inbox.desk.storage.read('p_email_outages')).to.deep.equal([]);
  });

  it('says nothing of a mailbox that is paused', async () => {
    await receiving(await inbox.addMailbox('sales@desk.example', sink.port), { state: 'paused' });
    inbox.desk.clock.advance(60 * minute);

    await alert();

    expect(alerts()).to.deep.equal([]);
  });

  it('shows what each mailbox did, what failed and how many loops were stopped', async () => {
    await receiving(inbox.mailboxId);
    await inbox.receive(mail({ From: 'support@desk.example' }), 'support@desk.example');
    await inbox.receive(mail({ From: 'someone@x.example' }));
    await inbox.desk.storage.writeTx(async (tx) => {
      await tx('outbox').where({ kind: 'acknowledgement' }).update({ state: 'failed' });
      await tx('p_email_receivers').update({ last_error: 'getaddrinfo ENOTFOUND imap.x.example' });
    });

    const text = await page('/admin/p/email-inbox');

    expect(text).to.include('one loop stopped in seven days');
    expect(text).to.include('>No server has this name.<');
    expect(text).to.include('one not delivered in seven days');
  });

  it('shows what came back in seven days, what the loop guard held back, and until when a sign-in holds', async () => {
    const { storage, clock } = inbox.desk;
    const [now, { mailboxId }] = [clock.now(), inbox];
    await receiving(mailboxId);
    await inbox.receive(mail({ From: 'someone@x.example' }));
    await inbox.receive(mail({ From: 'other@y.example' }));
    const [first] = await inbox.outbox();
    await storage.writeTx(async (tx) => {
      await tx('address_reports').insert({
        address_key: 'someone@x.example',
        kind: 'bounce',
        code: '5.1.1',
        is_permanent: true,
        outbox_id: first?.id,
        created_at: now,
      });
      const hit = { address_key: 'a@b.example', budget: 'address-hour', mailbox_id: mailboxId };
      await tx('loop_guard_hits').insert([
        { ...hit, created_at: now },
        { ...hit, created_at: now - 6 * 86_400_000 },
        { ...hit, created_at: now - 8 * 86_400_000 },
      ]);
      const account = { mailbox_id: mailboxId, provider: 'google', account: 'support@desk.example', refresh_at: now };
      await tx('mail_accounts').insert({ ...account, state: 'active', expires_at: now + 60 * minute, created_at: now, updated_at: now });
    });

    const text = await page('/admin/p/email-inbox');

    expect(text).to.include('50 % came back in seven days');
    expect(text).to.include('2 loops stopped in seven days');
    expect(text).to.match(/this one ends (?:<[^>]+>)+in (?:1 hr|60 min)/);
    await storage.writeTx((tx) => tx('mail_accounts').update({ state: 'signed-out', error: 'invalid_grant: expired' }));
    expect(await page('/admin/p/email-inbox'))
      .to.include('Sign in again on the page of the mailbox')
      .and.to.include('invalid_grant: expired');
  });

  it('reads a mail again that became no message', async () => {
    const aliases = (list: readonly string[]) =>
      inbox.desk.storage.writeTx((tx) => tx('mailboxes').update({ aliases: JSON.stringify(list) }));
    await aliases(['someone@x.example']);
    const row = await inbox.receive(mail({ From: 'someone@x.example' }));
    expect(row.state).to.equal('ignored');
    await aliases([]);
    // Our own addresses are looked up twice a second.
    await sleep(600);

    await inbox.desk.fetch(`/admin/p/email-inbox/mails/${row.id}/retry`, { method: 'POST', as: 'ada' });
    await inbox.desk.settle();

    expect((await inbox.mails())[0]).to.include({ state: 'processed', reason: null });
  });

  it('files a mail again under the same ticket, and lets its original be downloaded', async () => {
    const raw = mail({});
    const row = await inbox.receive(raw);
    await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id: row.id }).update({ state: 'failed', reason: 'broken' }));
    expect(await page('/admin/p/email-inbox')).to.include('broken');

    const original = await inbox.desk.fetch(`/admin/p/email-inbox/mails/${row.id}/raw`, { as: 'ada' });
    await inbox.desk.fetch(`/admin/p/email-inbox/mails/${row.id}/retry`, { method: 'POST', as: 'ada' });
    await inbox.desk.settle();

    const [after] = await inbox.mails();
    expect(Buffer.from(await original.arrayBuffer()).equals(Buffer.from(raw))).to.equal(true);
    expect(after).to.include({ state: 'processed', ticket_id: row.ticket_id });
    expect(await inbox.desk.storage.read('messages')).to.have.length(1);
  });
});

describe('a test mail to oneself', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    [sink, imap] = await Promise.all([startSmtpSink(), startDovecot()]);
    inbox = await createInbox();
    await inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
    });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([sink.close(), imap.close()]);
  });

  it('proves plus addresses, turns signed addresses on and proposes the server that checks senders', async () => {
    const { id } = await inbox.desk.storage.read('mailboxes').where({ address: 'help@desk.example' }).first();
    const receiver = () => inbox.desk.storage.read('p_email_receivers').where({ mailbox_id: id }).first();
    const sent = await inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${id}/self-test`, { method: 'POST', as: 'ada' });
    expect(sent.status).to.equal(303);
    await inbox.desk.settle();
    const test = sink.mails.find(({ to }) => to[0]?.startsWith('help+check') === true);
    expect(Boolean((await receiver()).signs_addresses)).to.equal(false);

    const head = 'Authentication-Results: mx.provider.example; spf=pass\r\nReceived: from a by b\r\n';
    imap.deliver('help', [Buffer.concat([Buffer.from(head), test?.raw ?? Buffer.alloc(0)])]);
    await inbox.command('mail fetch');

    const after = await receiver();
    expect([Boolean(after.signs_addresses), after.seen_authserv_id, after.plus_proven_at]).to.deep.equal([
      true,
      'mx.provider.example',
      inbox.desk.clock.now(),
    ]);
    expect(await inbox.desk.storage.read('tickets')).to.deep.equal([]);
    const text = await (await inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${id}`, { as: 'ada' })).text();
    expect(text).to.match(/name="authservIds"[^>]*value="mx\.provider\.example"|value="mx\.provider\.example"[^>]*name="authservIds"/);
  });
});
