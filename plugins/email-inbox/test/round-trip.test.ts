import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import { needsDovecot, startDovecot, startSmtpSink, until, type Dovecot, type SmtpSink } from '@helpdesk/core/testing';
import { parseMail } from '../parsing.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('mail between a real IMAP server and a real SMTP server', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    [sink, imap] = await Promise.all([startSmtpSink(), startDovecot()]);
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([sink.close(), imap.close()]);
  });

  const add = (options: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
      ...options,
    });

  it('brings mail in, answers, and takes the answer to the answer, with files and images both ways', async () => {
    inbox = await createInbox({ role: 'all' });
    await add();
    const raw = mail(
      {
        To: 'help@desk.example',
        'Message-ID': '<first@customer.example>',
        'MIME-Version': '1.0',
        'Content-Type': 'multipart/related; boundary=r',
      },
      [
        '--r',
        'Content-Type: text/html; charset=utf-8',
        '',
        '<p>See <img src="cid:Pic@x"></p>',
        '--r',
        'Content-Type: image/png',
        'Content-ID: <Pic@x>',
        'Content-Disposition: inline; filename=pic.png',
        'Content-Transfer-Encoding: base64',
        '',
        png.toString('base64'),
        '--r',
        'Content-Type: application/pdf',
        'Content-Disposition: attachment; filename="invoice.pdf"',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from('%PDF-1.4 fake').toString('base64'),
        '--r--',
      ].join('\n'),
    );
    imap.deliver('help', [raw]);
    const row = await until(async () => (await inbox.mails()).find(({ state }) => state === 'processed'));

    const ticketId = Number(row.ticket_id);
    const [message] = await inbox.messages(ticketId);
    expect(message?.html).to.include('src="cid:pic@x"');
    const attachments = await inbox.desk.storage
      .read('attachments')
      .join('files', 'files.id', 'attachments.file_id')
      .where({ message_id: message?.id })
      .orderBy('position')
      .select('name', 'sha256', 'content_id', 'is_inline');
    expect(attachments.map((one) => ({ ...one, is_inline: Boolean(one.is_inline) }))).to.deep.equal([
      { name: 'pic.png', sha256: sha256(png), content_id: 'pic@x', is_inline: true },
      { name: 'invoice.pdf', sha256: sha256(Buffer.from('%PDF-1.4 fake')), content_id: null, is_inline: false },
    ]);
    expect(row.sha256).to.equal(sha256(raw));

    const can = inbox.desk.as('can');
    const pasted = await can.upload({ name: 'pasted.png', contentType: 'image/png', content: png });
    const file = await can.upload({ name: 'manual.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.4 manual') });
    await can.reply(ticketId, { kind: 'reply', html: `<p>Do this: <img src="/files/${pasted}"></p>`, attachments: [{ fileId: file }] });
    const sent = await until(async () =>
      sink.mails.find(({ to, raw: bytes }) => to.includes('mina@example.com') && bytes.includes('Do this')),
    );

    const parsed = await parseMail(sent.raw);
    expect(parsed.inReplyTo).to.deep.equal(['first@customer.example']);
    expect(parsed.references).to.deep.equal(['first@customer.example']);
    expect(parsed.from).to.deep.equal([{ name: 'Help', address: 'help@desk.example' }]);
    expect(parsed.subject).to.equal('Re: Printer');
    expect(parsed.headers.map(({ name }) => name))
      .to.include('x-desk-loop')
      .and.to.not.include.members(['auto-submitted']);
    const inline = parsed.attachments.find(({ filename }) => filename === 'pasted.png');
    expect(inline?.sha256).to.equal(sha256(png));
    expect(parsed.html).to.include(`cid:${inline?.contentId}`);
    expect(parsed.attachments.find(({ filename }) => filename === 'manual.pdf')?.sha256).to.equal(sha256(Buffer.from('%PDF-1.4 manual')));

    imap.deliver('help', [
      mail(
        {
          To: 'help@desk.example',
          Subject: 'Re: Printer',
          References: `<first@customer.example> <${parsed.messageId}>`,
          'In-Reply-To': `<${parsed.messageId}>`,
        },
        'That worked.\n\n> Do this',
      ),
    ]);
    await until(async () => (await inbox.messages(ticketId)).length === 3);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);

    await until(async () => {
      const marks = await seen(imap.port);
      return marks.length === 2 && marks.every((isSeen) => isSeen);
    });
  });

  it('takes only what comes after the mailbox was added, or as far back as asked', async () => {
    inbox = await createInbox();
    imap.deliver('help', [mail({ 'Message-ID': '<old@x.example>' }), mail({ 'Message-ID': '<older@x.example>' })]);
    await add();
    imap.deliver('help', [mail({ 'Message-ID': '<new@x.example>' })]);

    await inbox.command('mail fetch');
    expect(await inbox.desk.storage.read('messages').pluck('message_id')).to.deep.equal(['<new@x.example>']);

    imap.deliver('all', [mail({ 'Message-ID': '<archive@x.example>' })]);
    await add({ address: 'all@desk.example', imap: `imap://all:secret@127.0.0.1:${imap.port}`, since: 'all' });
    await inbox.command('mail fetch');
    await inbox.command('mail fetch');

    expect(await inbox.desk.storage.read('messages').orderBy('id').pluck('message_id')).to.deep.equal([
      '<new@x.example>',
      '<archive@x.example>',
    ]);
  });

  it('refuses a mailbox in the words of the server and stores nothing', async () => {
    inbox = await createInbox();

    const error = await add({ imap: `imap://help:wrong@127.0.0.1:${imap.port}` }).catch((cause: unknown) => cause);

    expect(error).to.include({ code: 'email-inbox.connection-failed' });
    expect(String(error))
      .to.match(/authentication failed/i)
      .and.not.include('wrong');
    expect(await inbox.desk.storage.read('mailboxes').pluck('address')).to.deep.equal(['support@desk.example']);
  });

  it('looks at the last days again when the folder is numbered anew, and doubles nothing', async () => {
    inbox = await createInbox();
    await add();
    imap.deliver('help', [mail({}), mail({})]);
    await inbox.command('mail fetch');
    // Dovecot numbers by the second it first sees a folder.
    await sleep(1100);
    for (const name of readdirSync(imap.maildir('help'))) if (name.startsWith('dovecot')) rmSync(path.join(imap.maildir('help'), name));
    imap.deliver('help', [mail({ 'Message-ID': '<after@x.example>' })]);

    await inbox.command('mail fetch');

    const rows = await inbox.mails();
    expect(rows).to.have.length(5);
    expect(rows.filter(({ dup_of: dup }) => dup !== null)).to.have.length(2);
    expect(await inbox.desk.storage.read('messages')).to.have.length(3);
  });

  it('keeps every mail once when two processes fetch at the same time', async () => {
    inbox = await createInbox();
    await add();
    const other = await createInbox({ beside: inbox.desk });
    try {
      imap.deliver(
        'help',
        Array.from({ length: 60 }, () => mail({})),
      );

      await Promise.all([inbox.command('mail fetch'), other.command('mail fetch')]);
      await inbox.desk.settle();

      expect((await inbox.mails()).map(({ state }) => state)).to.deep.equal(Array.from({ length: 60 }, () => 'processed'));
      expect(await inbox.desk.storage.read('messages')).to.have.length(60);
    } finally {
      await other.desk.close();
    }
  });

  it('leaves a mail unacknowledged on the server until it is filed', async () => {
    inbox = await createInbox();
    await add();
    const broken = inbox.desk.app.desk.hooks
      .forPlugin('core', 0)
      .filter('ticket.draft', (draft) => ({ ...draft, message: { ...draft.message, attachments: [{ fileId: 999_999 }] } }));
    imap.deliver('help', [mail({})]);
    await inbox.command('mail fetch');
    expect(await seen(imap.port)).to.deep.equal([false]);

    broken.dispose();
    inbox.desk.clock.advance(3_600_000);
    await inbox.desk.settle();
    await inbox.command('mail fetch');

    expect(await seen(imap.port)).to.deep.equal([true]);
  });

  it('shows the talk with the server on the test page, without the password', async () => {
    inbox = await createInbox();
    await add();
    const [mailbox] = await inbox.desk.storage.read('mailboxes').where({ address: 'help@desk.example' });
    const form = new URLSearchParams({
      host: '127.0.0.1',
      port: String(imap.port),
      encryption: 'auto',
      user: 'help',
      folder: 'INBOX',
      step: 'test',
    });

    const good = await inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${mailbox.id}`, { method: 'POST', body: form, as: 'ada' });
    form.set('user', 'somebody');
    const moved = await inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${mailbox.id}`, { method: 'POST', body: form, as: 'ada' });

    const text = await good.text();
    expect([good.status, moved.status]).to.deep.equal([200, 422]);
    expect(text)
      .to.match(/CAPABILITY/)
      .and.not.include('secret');
  });
});

async function seen(port: number): Promise<readonly boolean[]> {
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, auth: { user: 'help', pass: 'secret' }, logger: false });
  await client.connect();
  await client.mailboxOpen('INBOX', { readOnly: true });
  const all = await client.fetchAll('1:*', { flags: true });
  await client.logout();
  return all.map(({ flags }) => flags?.has('\\Seen') === true);
}
