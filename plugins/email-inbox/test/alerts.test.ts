import { expect } from 'chai';
import { freePort, type SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('what administrators are told of', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const look = async (): Promise<void> => {
    const { storage, app } = inbox.desk;
    await storage.writeTx((tx) => app.desk.jobs.enqueue(tx, { name: 'email-inbox.alert', payload: {}, plugin: 'email-inbox' }));
    await inbox.desk.settle();
  };
  const told = async (): Promise<readonly string[]> =>
    inbox.desk.storage
      .read('notifications')
      .whereNot({ kind: 'new-ticket' })
      .where({ user_id: inbox.desk.actor('ada').userId })
      .orderBy('id')
      .pluck('kind');
  const subjects = (pattern: RegExp) => sink.mails.filter(({ raw }) => pattern.test(raw.toString()));

  it('P3: a desk whose only mailbox is out tells them in the app, once', async () => {
    const now = inbox.desk.clock.now();
    await inbox.addReceiver({ state: 'active', created_at: now, last_fetch_at: now, last_error: 'No route.' });
    for (let round = 0; round < 3; round += 1) {
      inbox.desk.clock.advance(20 * minute);
      await look();
    }

    const list = await (await inbox.desk.fetch('/desk/notifications', { as: 'ada' })).text();

    expect(await told()).to.deep.equal(['not-receiving']);
    expect(list).to.include('A mailbox has not received mail for a while');
  });

  it('P3: mail of the desk itself that waits is no less an outage, and is told by mail of a mailbox', async () => {
    const closed = await freePort();
    const { storage, app } = inbox.desk;
    await app.desk.settings.set('mail', { from: 'desk@desk.example' });
    await storage.writeTx((tx) => app.desk.secrets.set(tx, 'mail', 'smtp', `smtp://127.0.0.1:${closed}`));
    await app.desk.mail.sendSystem({ template: 'magic-link', to: 'can@example.com', path: '/sign-in/link' });
    for (let round = 0; round < 3; round += 1) {
      inbox.desk.clock.advance(10 * minute);
      await look();
    }

    expect(await told()).to.deep.equal(['not-sending']);
    expect(subjects(/^Subject: The desk sends no mail of its own/m)).to.have.length(1);
  });

  it('P3: of mail in quarantine they hear once, and again when more comes after a day', async () => {
    const quarantine = async (): Promise<void> => {
      const { id } = await inbox.receive(mail({ Precedence: 'list' }));
      const changed = { state: 'failed', reason: 'It nests too deep.', updated_at: inbox.desk.clock.now() };
      await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id }).update(changed));
      await look();
    };
    await quarantine();
    await quarantine();
    const first = subjects(/^Subject: Mail to support@desk\.example waits for you/m);
    inbox.desk.clock.advance(2 * day);
    await look();
    const later = await told();
    await quarantine();

    expect(first).to.have.length(1);
    expect(first[0]?.raw.toString()).to.include('It nests too deep.');
    expect(later).to.deep.equal(['unfiled']);
    expect(await told()).to.deep.equal(['unfiled', 'unfiled']);
  });
});
