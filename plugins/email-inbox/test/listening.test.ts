import { createConnection } from 'node:net';
import { expect } from 'chai';
import { createTransport } from 'nodemailer';
import { freePort, greets, testDatabase, until } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

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
    await until(() => greets(port));
  }
  const send = (raw: Uint8Array, to: readonly string[], from = 'mina@example.com', lmtp = true) =>
    createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true, lmtp } as object)
      .sendMail({ envelope: { from, to: [...to] }, raw: Buffer.from(raw) })
      .catch((error: unknown) => error as Error & { responseCode?: number });
  const filed = (count: number) =>
    until(async () => {
      const rows = await inbox.mails();
      return rows.length >= count && rows.every(({ state }) => state !== 'new') ? rows : undefined;
    });

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

  /** What the server answered to the data, a line for each recipient. */
  async function answers(to: readonly string[]): Promise<readonly string[]> {
    const socket = createConnection({ host: '127.0.0.1', port });
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    const hear = async (pattern: RegExp): Promise<string> => {
      await until(() => pattern.test(heard));
      const told = heard;
      heard = '';
      return told;
    };
    const say = async (line: string, pattern = /^\d{3} .*\r\n$/m): Promise<string> => {
      socket.write(`${line}\r\n`);
      return hear(pattern);
    };
    await hear(/^220 /m);
    await say('LHLO mx.example', /^250 /m);
    await say('MAIL FROM:<mina@example.com>');
    for (const address of to) await say(`RCPT TO:<${address}>`);
    await say('DATA');
    const told = await say(`${mail({}).toString()}\r\n.`, new RegExp(`(?:^\\d{3} .*\\r\\n){${to.length}}`, 'm'));
    socket.destroy();
    return told.trim().split('\r\n');
  }
  const codes = async (to: readonly string[]): Promise<readonly string[]> => (await answers(to)).map((line) => line.slice(0, 3));
  const isSqlite = testDatabase() === 'sqlite';

  it('is answered with 452 while the disk is full, and kept by the server that brings it', async () => {
    await listen('smtp');
    const { storage } = inbox.desk;
    const full = async (): Promise<unknown> => {
      if (!isSqlite)
        return storage.writeTx(async (tx) => {
          await tx.raw(
            "create function no_room() returns trigger as $$ begin raise exception 'no room' using errcode = '53100'; end $$ language plpgsql",
          );
          await tx.raw('create trigger no_room before insert on p_email_mails for each row execute function no_room()');
        });
      const [{ page_count: pages }] = await storage.writeTx((tx) => tx.raw('pragma page_count'));
      return storage.writeTx((tx) => tx.raw(`pragma max_page_count = ${pages}`));
    };
    const empty = (): Promise<unknown> =>
      storage.writeTx((tx) => tx.raw(isSqlite ? 'pragma max_page_count = 1073741823' : 'drop function no_room() cascade'));
    const bring = () => send(mail({ Subject: 'x'.repeat(9000) }), ['support@desk.example'], 'mina@example.com', false);
    await full();

    let refused: unknown;
    // A SQLite file still has free pages at first.
    for (let tries = 0; tries < 200 && (refused as { responseCode?: number })?.responseCode === undefined; tries += 1)
      refused = await bring();
    await empty();
    const again = await bring();

    expect((refused as { responseCode: number }).responseCode).to.equal(452);
    expect(again).to.not.be.instanceOf(Error);
  });

  it('is answered with 452 while the database is busy', async function () {
    this.timeout(90_000);
    await listen('lmtp');
    const other = inbox.desk.database.open();
    let free: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (free = resolve));
    let isHeld: () => void = () => undefined;
    const holding = new Promise<void>((resolve) => (isHeld = resolve));
    const blocking = other.writeTx(async (tx) => {
      if (!isSqlite) await tx.raw('lock table p_email_mails in exclusive mode');
      isHeld();
      await held;
    });
    await holding;

    const busy = await codes(['support@desk.example']);
    free();
    await blocking;
    await other.close();

    expect(busy).to.deep.equal(['452']);
    expect(await codes(['support@desk.example'])).to.deep.equal(['250']);
    await filed(1);
  });

  it('is answered for each recipient over LMTP, and brought again only to those that failed', async () => {
    await listen('lmtp');
    const { id } = await inbox.desk.storage.read('mailboxes').where({ address: 'sales@desk.example' }).first('id');
    const refuse = isSqlite
      ? `create trigger no_sales before insert on p_email_mails when new.mailbox_id = ${id} begin select raise(abort, 'no'); end`
      : `create function no_sales() returns trigger as $$ begin if new.mailbox_id = ${id} then raise exception 'no'; end if; return new; end $$ language plpgsql;
         create trigger no_sales before insert on p_email_mails for each row execute function no_sales()`;
    await inbox.desk.storage.writeTx((tx) => tx.raw(refuse));

    expect(await codes(['support@desk.example', 'sales@desk.example', 'support+x@desk.example'])).to.deep.equal(['250', '451', '250']);
    expect(await inbox.mails()).to.have.length(1);
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
