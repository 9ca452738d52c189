import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import { ownReason, reasonOf } from '@helpdesk/core/plugin';
import { explain, within } from '../imap-connection.ts';
import { ParserStopped } from '../mail-parser.ts';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

describe('why something about mail failed, on the pages of a Turkish desk', () => {
  let inbox: Inbox;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, close } = await createSendingInbox());
    const { ada, can } = inbox.desk.people;
    await inbox.desk.storage.writeTx((tx) => tx('users').whereIn('id', [ada.id, can.id]).update({ locale: 'tr' }));
  });
  afterEach(() => close());

  const page = async (path: string): Promise<string> => (await inbox.desk.fetch(path, { as: 'ada' })).text();

  it('F6: a mailbox that cannot be read says so on its pages and among the checks', async () => {
    await inbox.receivesFrom(1);

    const failure: unknown = await inbox.command('mail fetch').catch((error: unknown) => error);

    expect(failure).to.deep.include({ details: { message: 'The connection to 127.0.0.1 failed: Nothing answers on this port.' } });
    for (const path of ['/admin/p/email-inbox', `/admin/mailboxes/${inbox.mailboxId}`, '/admin/health'])
      expect(await page(path), path)
        .to.include('Bu bağlantı noktasında yanıt veren yok.')
        .and.not.include('ECONNREFUSED')
        .and.not.include('The connection')
        .and.not.include('Nothing answers');
  });

  it('F6: a command that took too long is named', async () => {
    const client = new ImapFlow({ host: '127.0.0.1', port: 1, secure: false, auth: { user: 'help', pass: 'secret' }, logger: false });
    const late: unknown = await within(client, 'SEARCH', new Promise(() => undefined), 10).catch((error: unknown) => error);
    await inbox.addReceiver({ last_error: explain(late) });

    expect(await page('/admin/p/email-inbox')).to.include('Sunucu “SEARCH” işlemini 0 saniye içinde bitirmedi.');
  });

  it('P3: a mail that ended the parser says with what', async () => {
    const { id } = await inbox.receive(mail({}));
    const reason = reasonOf(new ParserStopped('email-inbox.parser-broke', { message: 'The thread ended with code 1.' }));
    await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id }).update({ state: 'failed', reason }));

    expect(await page('/admin/p/email-inbox')).to.include('ayrıştırıcıyı sonlandırdı: The thread ended with code 1.');
  });

  it('P3: a mail in quarantine says so, and one that became no message', async () => {
    await inbox.desk.app.desk.settings.set('email-inbox', { parseMegabytes: 48 });
    const greedy = await inbox.receive(mail({ 'Content-Type': 'multipart/mixed; boundary=x' }, '--x\n\n\n'.repeat(600_000)));
    await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id: greedy.id }).update({ attempts: 4 }));
    inbox.desk.clock.advance(10_000);
    await inbox.desk.settle();
    await inbox.receive(mail({ From: 'support@desk.example' }), 'support@desk.example');

    expect(await page('/admin/p/email-inbox'))
      .to.include('48 MB bellekten fazlasını istedi')
      .and.include('Masanın kendi e-postası geri geldi.')
      .and.not.include('Reading this mail')
      .and.not.include('L2 own address');
  });

  it('L1, L2, L10: a mail that was left out says so, also where the name of the rule was stored, and what came back is counted', async () => {
    await inbox.addReceiver();
    await inbox.receive(mail({ From: 'support@desk.example' }), 'support@desk.example');
    const rules = ['L1 own copy', 'L1 loop header', 'L2 own address', 'L10 list or bulk', 'test mail'];
    for (const reason of [...rules, ownReason('email-inbox.ignored.test')]) {
      const { id } = await inbox.receive(mail({ From: 'support@desk.example', Subject: reason }), 'support@desk.example');
      await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id }).update({ reason }));
    }

    const shown = await page('/admin/p/email-inbox');

    const times = (words: string): number => shown.split(`${words}<`).length - 1;
    expect(
      [
        'Masanın kendi e-postası geri geldi.',
        'Posta kutusu liste postalarını dışarıda bırakıyor.',
        'Bir posta kutusunun deneme postasıydı.',
      ].map(times),
    ).to.deep.equal([4, 1, 2]);
    expect(shown).to.include('yedi günde 4 döngü');
  });

  it('O2: a reply that cannot go out says so in its ticket and in the outbox, and in English to programs', async () => {
    const row = await inbox.receive(mail({ From: undefined }));
    await inbox.answer(row.ticket_id, 'Who are you?');
    const { number } = await inbox.ticket(row.ticket_id);

    for (const path of [`/desk/tickets/${number}`, '/admin/health/outbox'])
      expect(await page(path), path)
        .to.include('Bu adres kimsenin değil.')
        .and.not.include('Nobody has');
    const headers = { Authorization: `Bearer ${await inbox.desk.token('can')}` };
    const answer = await fetch(`${await inbox.desk.url()}/api/v1/tickets/${row.ticket_id}/messages`, { headers });
    expect(await answer.text()).to.include('"error":"Nobody has this address."');
  });
});
