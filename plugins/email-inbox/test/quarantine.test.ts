import { renameSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('a mail that cannot be filed', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  // Zammad's list of unprocessable mails: zammad#2227, #795.
  it('P3: quarantines what cannot be filed after five tries, and Retry brings it in (zammad#2176)', async () => {
    const { hooks } = inbox.desk.app.desk;
    const broken = hooks
      .forPlugin('core', 0)
      .filter('ticket.draft', (draft) =>
        draft.subject === 'Poison' ? { ...draft, message: { ...draft.message, attachments: [{ fileId: 999_999 }] } } : undefined,
      );
    await inbox.receive(mail({ Subject: 'Poison' }));
    const healthy = await inbox.receive(mail({ Subject: 'Fine' }));
    expect(healthy.state).to.equal('processed');
    for (let tries = 0; tries < 5; tries += 1) {
      inbox.desk.clock.advance(3_600_000);
      await inbox.desk.settle();
    }

    const [poisoned] = await inbox.mails();
    expect(poisoned).to.include({ state: 'failed', attempts: 5, ticket_id: null });
    const page = await (await inbox.desk.fetch('/admin/p/email-inbox', { as: 'ada' })).text();
    expect(page).to.include('One of the files does not exist any more.');

    broken.dispose();
    const retry = await inbox.desk.fetch(`/admin/p/email-inbox/mails/${poisoned?.id}/retry`, { method: 'POST', as: 'ada' });
    expect(retry.status).to.equal(303);
    await inbox.desk.settle();
    expect((await inbox.mails())[0]).to.include({ state: 'processed' });
  });

  for (const [what, limits, words] of [
    ['time', { parseSeconds: 1 }, 'took longer than 1 seconds'],
    ['memory', { parseMegabytes: 48 }, 'took more than 48 MB of memory'],
  ] as const)
    it(`A1: quarantines a mail that takes the parser more ${what} than it may have, and files the next one`, async function () {
      this.timeout(120_000);
      const { settings } = inbox.desk.app.desk;
      await settings.set('email-inbox', limits);
      const parts = '--x\n\n\n'.repeat(what === 'time' ? 3_000_000 : 600_000);

      const greedy = await inbox.receive(mail({ 'Content-Type': 'multipart/mixed; boundary=x' }, parts));
      await inbox.desk.storage.writeTx((tx) => tx('p_email_mails').where({ id: greedy.id }).update({ attempts: 4 }));
      // A new thread reads it, which on a busy machine may take longer than the first mail may.
      await settings.set('email-inbox', { parseSeconds: 20 });
      const next = await inbox.receive(mail({ Subject: 'Next' }));
      await settings.set('email-inbox', limits);
      inbox.desk.clock.advance(10_000);
      await inbox.desk.settle();

      expect(next).to.include({ state: 'processed' });
      const [row] = await inbox.mails();
      expect(row).to.include({ state: 'failed', attempts: 5 });
      expect(await (await inbox.desk.fetch('/admin/p/email-inbox', { as: 'ada' })).text()).to.include(words);
    });

  it('brings a mail with files in after more than a day of quarantine', async () => {
    const broken = inbox.desk.app.desk.hooks
      .forPlugin('core', 0)
      .filter('ticket.draft', (draft) => ({ ...draft, message: { ...draft.message, attachments: [{ fileId: 999_999 }] } }));
    await inbox.receive(
      mail(
        { 'Content-Type': 'multipart/mixed; boundary=x' },
        '--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.bin\n\nabc\n--x--',
      ),
    );
    for (let hours = 0; hours < 30; hours += 1) {
      inbox.desk.clock.advance(3_600_000);
      await inbox.desk.settle();
    }
    await inbox.desk.app.desk.storage.writeTx((tx) => inbox.desk.app.desk.jobs.enqueue(tx, { name: 'files.sweep', payload: {} }));
    await inbox.desk.settle();
    expect(await inbox.desk.storage.read('files')).to.deep.equal([]);
    broken.dispose();
    const [waiting] = await inbox.mails();
    await inbox.desk.fetch(`/admin/p/email-inbox/mails/${waiting?.id}/retry`, { method: 'POST', as: 'ada' });
    await inbox.desk.settle();

    expect((await inbox.mails())[0]).to.include({ state: 'processed' });
  });

  it('P3: waits in its place while the key file is missing, as long as it takes', async () => {
    await inbox.desk.storage.writeTx((tx) => inbox.desk.app.desk.secrets.set(tx, 'mail', 'smtp', 'smtps://desk:hunter2@mail.example'));
    const file = path.join(inbox.desk.database.folder, 'secret.key');
    renameSync(file, `${file}.lost`);
    const keyless = await createInbox({ beside: inbox.desk });
    try {
      await keyless.receive(mail({ Subject: 'First' }), 'support@desk.example');
      await keyless.receive(mail({ Subject: 'Second' }), 'support@desk.example');
      for (let hours = 0; hours < 10; hours += 1) {
        inbox.desk.clock.advance(3_600_000);
        await keyless.desk.settle();
      }
      // The one try is that of the pipe itself.
      const waiting = { state: 'new', attempts: 1, ticket_id: null };
      expect((await keyless.mails()).map(({ state, attempts, ticket_id }) => ({ state, attempts, ticket_id }))).to.deep.equal([
        waiting,
        waiting,
      ]);

      renameSync(`${file}.lost`, file);
      inbox.desk.clock.advance(60_000);
      await keyless.desk.settle();

      expect(await inbox.desk.storage.read('tickets').orderBy('id').pluck('subject')).to.deep.equal(['First', 'Second']);
    } finally {
      await keyless.desk.close();
    }
  });
});
