import { startImapServer, startSmtpSink, until, type ImapServer, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('a mailbox at the IMAP server that tests of plugins use', () => {
  let inbox: Inbox;
  let imap: ImapServer;
  let sink: SmtpSink;
  beforeEach(async () => {
    [imap, sink] = await Promise.all([startImapServer('help'), startSmtpSink()]);
    inbox = await createInbox({ role: 'all' });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([imap.close(), sink.close()]);
  });

  it('makes tickets of what arrives', async () => {
    await inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:${imap.password}@127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
    });
    imap.deliver([mail({ Subject: 'From the fake server', To: 'help@desk.example', 'Message-ID': '<fake@customer.example>' }, 'Hello')]);

    await until(async () => inbox.desk.storage.read('tickets').where({ subject: 'From the fake server' }).first('id'));
  });
});
