import { expect } from 'chai';
import { needsDovecot, startDovecot, type Dovecot } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const day = 86_400_000;
const bulk = 'QUJD'.repeat(15).concat('\n').repeat(20_000);

/** A mail of more than a megabyte whose text stands behind a nested mail and before a file. */
function withFile(text: string): Buffer {
  const body = [
    '--b',
    'Content-Type: message/rfc822',
    'Content-Disposition: attachment',
    '',
    'From: old@x.example',
    '',
    'Words of another mail',
    '--b',
    'Content-Type: multipart/alternative; boundary=c',
    '',
    '--c',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(text).toString('base64'),
    '--c',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p>The same as HTML</p>',
    '--c--',
    '--b',
    'Content-Type: application/zip; name=all.zip',
    'Content-Transfer-Encoding: base64',
    '',
    `${bulk}--b--`,
  ].join('\n');
  return mail({ Subject: 'Huge', 'MIME-Version': '1.0', 'Content-Type': 'multipart/mixed;\r\n boundary="b"' }, body);
}

describe('a mail over the limit of the desk', () => {
  let inbox: Inbox;
  let imap: Dovecot;
  before(needsDovecot);
  beforeEach(async () => {
    imap = await startDovecot();
    inbox = await createInbox();
    await inbox.receivesFrom(imap.port);
    await inbox.desk.app.desk.settings.set('email-inbox', { maxMailMegabytes: 1 });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await imap.close();
  });

  const messages = async (): Promise<readonly { text: string; flags: string }[]> => inbox.desk.storage.read('messages').orderBy('id');

  // Also imapflow #110, #147, #284.
  it('F7: comes with its header and its first text, without standing still, and the message says so (imapflow #159)', async () => {
    imap.deliver('help', [withFile('Merhaba, dosya ektedir: çağrı'), mail({}, 'small')]);

    await inbox.command('mail fetch');

    const [huge, small] = await messages();
    expect(huge?.text).to.equal('Merhaba, dosya ektedir: çağrı');
    expect([huge, small].map((one) => JSON.parse(one?.flags ?? ''))).to.deep.equal([['incomplete'], []]);
    const [row, other] = await inbox.mails();
    expect(row?.reason).to.match(/^{"key":"email-inbox.cut.beginning","values":{"size":\d+,/);
    expect(other?.reason).to.equal(null);
    expect((await inbox.ticket(row?.ticket_id ?? null)).subject).to.equal('Huge');
  });

  it('F7: comes with the beginning of its text when that alone is over the limit', async () => {
    imap.deliver('help', [mail({}, `It starts here. ${'x'.repeat(1_200_000)}`)]);

    await inbox.command('mail fetch');

    const [huge] = await messages();
    expect(huge?.text.slice(0, 17)).to.equal('It starts here. x');
  });

  it('F7: is still said to be incomplete when it was filed only at a later try', async () => {
    const broken = inbox.desk.app.desk.hooks
      .forPlugin('core', 0)
      .filter('ticket.draft', (draft) => ({ ...draft, message: { ...draft.message, attachments: [{ fileId: 999_999 }] } }));
    imap.deliver('help', [withFile('Hello')]);
    await inbox.command('mail fetch');
    const failed = (await inbox.mails())[0];
    broken.dispose();

    inbox.desk.clock.advance(3_600_000);
    await inbox.desk.settle();

    expect(failed).to.include({ state: 'new', attempts: 1 });
    expect(JSON.parse((await messages())[0]?.flags ?? '')).to.deep.equal(['incomplete']);
  });

  it('F5: is not deleted on the server, which has the only original', async () => {
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ deletes_after_days: 7 }));
    imap.deliver('help', [withFile('Hello'), mail({}, 'small')]);

    await inbox.command('mail fetch');

    const due = await inbox.desk.storage.read('p_email_mails').orderBy('id').pluck('remove_at');
    expect(due).to.deep.equal([null, inbox.desk.clock.now() + 7 * day]);
  });
});
