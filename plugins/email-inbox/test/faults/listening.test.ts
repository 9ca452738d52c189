import { expect } from 'chai';
import { createTransport } from 'nodemailer';
import { freePort, startDeskProcess, testDatabase, until } from '@helpdesk/core/testing';
import { createInbox, mail, pluginFolder, type Inbox } from '../support/inbox.ts';

describe(`mail that is brought to a desk that is killed, on ${testDatabase()}`, () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  it('is one message when the process died between storing and answering', async function () {
    this.timeout(180_000);
    const port = await freePort();
    await inbox.desk.app.desk.settings.set('email-inbox', { listener: 'lmtp', listenerPort: port });
    const raw = mail({});
    const bring = async (): Promise<Error | undefined> => {
      const options = { host: '127.0.0.1', port, secure: false, ignoreTLS: true, lmtp: true, connectionTimeout: 2000 };
      const envelope = { from: 'mina@example.com', to: ['support@desk.example'] };
      return createTransport(options)
        .sendMail({ envelope, raw })
        .then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
        );
    };
    const start = (crashAt: string | undefined, aheadMs: number) =>
      startDeskProcess({ database: inbox.desk.database, pluginFolders: [pluginFolder], crashAt, aheadMs });
    const first = start('email-before-answer', 65_000);
    let hasDied = false;
    void first.ended.then(() => (hasDied = true));
    await until(async () => {
      expect(await bring(), 'no answer before the process died').to.be.instanceOf(Error);
      return hasDied;
    });
    expect(await inbox.mails()).to.have.length(1);

    const second = start(undefined, 130_000);
    await until(async () => (await bring()) === undefined);
    await until(async () => (await inbox.mails()).every(({ state }) => state !== 'new'));
    second.kill('SIGTERM');
    await second.ended;

    expect(await inbox.desk.storage.read('messages')).to.have.length(1);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });
});
