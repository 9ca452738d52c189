import { expect } from 'chai';
import { createTestDesk, startSmtpSink, type TestDesk } from '#core/testing/index.js';
import { listMailboxes, saveMailbox } from '#core/mail/index.js';
import { systemActor } from '#core/users/index.js';

describe('the mailbox pages', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('name the settings that a mailbox has of its own in the reader’s language', async () => {
    const mailbox = await saveMailbox(desk.app.desk, systemActor, { name: 'Support', address: 'support@example.com' });
    const page = async (language: string): Promise<string> =>
      (await desk.fetch(`/admin/mailboxes/${mailbox.id}`, { as: 'ada', headers: { 'Accept-Language': language } })).text();

    expect(await page('en'))
      .to.contain('>Tickets</h2>')
      .and.not.contain('>tickets</h2>');
    expect(await page('tr')).to.contain('>Talepler</h2>');
  });

  it('show what was said when a connection is tested, without the password', async () => {
    const sink = await startSmtpSink({
      authOptional: false,
      onAuth: (_auth, _session, done) => done(new Error('That is not your password')),
    });
    const transport = { host: '127.0.0.1', port: sink.port, encryption: 'auto', user: 'support', isOperators: true } as const;
    const mailbox = await saveMailbox(desk.app.desk, systemActor, {
      name: 'Support',
      address: 'support@example.com',
      transport,
      smtpPassword: 'hunter2',
    });
    const form = {
      name: 'Support',
      address: 'support@example.com',
      host: '127.0.0.1',
      port: String(sink.port),
      encryption: 'auto',
      user: 'support',
    };

    const page = await (
      await desk.fetch(`/admin/mailboxes/${mailbox.id}/test`, { method: 'POST', as: 'ada', body: new URLSearchParams(form) })
    ).text();

    expect(page).to.contain('EHLO').and.contain('That is not your password');
    expect(page).to.not.contain('hunter2').and.not.contain(Buffer.from('\0support\0hunter2').toString('base64'));
    await sink.close();
  });

  it('refuse hosts of the private network that are typed in a browser', async () => {
    const form = { name: 'Support', address: 'support@example.com', host: '127.0.0.1', port: '25', encryption: 'auto' };

    const page = await desk.fetch('/admin/mailboxes/test', { method: 'POST', as: 'ada', body: new URLSearchParams(form) });

    expect(await page.text()).to.contain('private network');
  });

  it('take a host of the private network that the operator allows', async () => {
    const sink = await startSmtpSink();
    const allowing = await createTestDesk({ privateHosts: ['127.0.0.1'] });
    const body = new URLSearchParams({
      name: 'Support',
      address: 'support@example.com',
      host: '127.0.0.1',
      port: String(sink.port),
      encryption: 'auto',
    });

    const tried = await allowing.fetch('/admin/mailboxes/test', { method: 'POST', as: 'ada', body });
    await allowing.fetch('/admin/mailboxes', { method: 'POST', as: 'ada', body });
    const [mailbox] = await listMailboxes(allowing.storage.read);

    expect(await tried.text())
      .to.contain('EHLO')
      .and.not.contain('private network');
    await allowing.app.desk.mail.testMailbox(mailbox?.id ?? 0);
    expect(mailbox?.transport, 'it is asked anew each time').to.not.have.property('isOperators');
    await allowing.close();
    await sink.close();
  });
});

describe('a desk without any plugin', () => {
  it('speaks of outgoing mail only', async () => {
    const desk = await createTestDesk();
    const pages = [
      '/',
      '/tickets/new',
      '/desk/inbox/open',
      '/desk/profile',
      '/admin',
      '/admin/mailboxes',
      '/admin/mailboxes/new',
      '/admin/settings',
      '/admin/settings?page=mail',
      '/admin/health',
      '/admin/plugins',
    ];

    for (const page of pages) {
      const text = await (await desk.fetch(page, { as: 'ada' })).text();
      expect(text, page).to.not.match(/\bIMAP\b|incoming mail|receiv|fetch(es|ing)? (new )?mail|quarantine/i);
    }
    await desk.close();
  });
});
