import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createTransport } from 'nodemailer';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { freePort } from './support/proxy.ts';

describe('mail that a server on this machine brings', () => {
  let inbox: Inbox;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    inbox = await createInbox({ role: 'all' });
    await inbox.addMailbox('sales@desk.example');
  });
  afterEach(() => inbox.desk.close());

  async function listen(listener: 'lmtp' | 'smtp', more: object = {}): Promise<void> {
    await inbox.desk.app.desk.settings.set('email-inbox', { listener, listenerPort: port, ...more });
    for (let tries = 0; tries < 100; tries += 1) {
      const isUp = await new Promise<boolean>((resolve) => {
        const socket = createConnection({ host: '127.0.0.1', port });
        socket.once('data', () => (socket.destroy(), resolve(true)));
        socket.once('error', () => resolve(false));
      });
      if (isUp) return;
      await sleep(50);
    }
    throw new Error('The listener did not start.');
  }
  const send = (raw: Uint8Array, to: readonly string[], from = 'mina@example.com', lmtp = true) =>
    createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true, lmtp } as object)
      .sendMail({ envelope: { from, to: [...to] }, raw: Buffer.from(raw) })
      .catch((error: unknown) => error as Error & { responseCode?: number });
  async function filed(count: number) {
    for (let tries = 0; tries < 200; tries += 1) {
      const rows = await inbox.mails();
      if (rows.length >= count && rows.every(({ state }) => state !== 'new')) return rows;
      await sleep(50);
    }
    throw new Error('The mails were not filed.');
  }

  it('is off unless somebody turns it on', async () => {
    const error = await send(mail({}), ['support@desk.example']);

    expect(error).to.be.instanceOf(Error);
  });

  for (const protocol of ['lmtp', 'smtp'] as const)
    it(`is stored before it is answered, over ${protocol}, and brought twice it is one message`, async () => {
      await listen(protocol);
      const raw = mail({});

      const first = await send(raw, ['support@desk.example'], 'mina@example.com', protocol === 'lmtp');
      expect(first).to.not.be.instanceOf(Error);
      expect(await inbox.mails()).to.have.length(1);
      await send(raw, ['support@desk.example'], 'mina@example.com', protocol === 'lmtp');

      await filed(1);
      expect(await inbox.desk.storage.read('messages')).to.have.length(1);
    });

  it('goes to the mailboxes of the envelope, whatever the headers say, and is one ticket', async () => {
    await listen('lmtp');

    await send(mail({ To: 'undisclosed-recipients:;' }), ['support@desk.example', 'sales+orders@desk.example']);

    const rows = await filed(2);
    expect(rows.filter(({ dup_of: dup }) => dup !== null)).to.have.length(1);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
    expect(await inbox.desk.storage.read('ticket_mailboxes')).to.have.length(1);
  });

  it('is refused with 550 for an address that no mailbox has, and with 552 when it is too large', async () => {
    await listen('smtp', { maxMailMegabytes: 1 });

    const nobody = await send(mail({}), ['nobody@desk.example'], 'mina@example.com', false);
    const large = await send(mail({}, 'x'.repeat(1_500_000)), ['support@desk.example'], 'mina@example.com', false);

    expect((nobody as { responseCode: number }).responseCode).to.equal(550);
    expect((large as { responseCode: number }).responseCode).to.equal(552);
    expect(await inbox.mails()).to.deep.equal([]);
  });

  it('is answered with 451 when it cannot be stored, so that the server keeps it', async () => {
    await listen('smtp');
    await inbox.desk.storage.writeTx((tx) => tx.schema.renameTable('p_email_mails', 'p_email_mails_away'));

    const failed = await send(mail({}), ['support@desk.example'], 'mina@example.com', false);
    await inbox.desk.storage.writeTx((tx) => tx.schema.renameTable('p_email_mails_away', 'p_email_mails'));
    const again = await send(mail({}), ['support@desk.example'], 'mina@example.com', false);

    expect((failed as { responseCode: number }).responseCode).to.equal(451);
    expect(again).to.not.be.instanceOf(Error);
    await filed(1);
  });
});
