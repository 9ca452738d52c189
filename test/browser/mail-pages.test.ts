import path from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { ownReason } from '#core/i18n/index.js';
import { saveMailbox } from '#core/mail/index.js';
import type { TestDesk } from '#core/testing/index.js';
import { coreCatalogs, englishOn, englishOnly } from './english.js';
import { crawl, describeInBrowser, problemsOn } from './support.js';

const plugins = path.resolve(import.meta.dirname, '../../../plugins');

const mails = [
  `Message-ID: <1@example.org>
From: Mina Kaya <mina@example.com>
To: Support <support@desk.example>
Subject: Two cups are broken
Content-Type: text/html; charset=utf-8

<p>Two of six cups are <b>broken</b>. See <a href="https://evil.example/">https://shop.example/</a></p>
<img src="https://tracker.example/p.gif"><blockquote>What I wrote before</blockquote>`,
  `Message-ID: <2@example.org>
In-Reply-To: <1@example.org>
References: <1@example.org>
From: Mina Kaya <mina@example.com>
To: Support <support@desk.example>
Subject: Re: Two cups are broken

And one plate.

On Monday I wrote:
> Two of six cups`,
];

describeInBrowser(
  'the pages of the mail channel',
  (stage) => {
    let paths: readonly string[] = [];
    before(async function () {
      if (this.test?.isPending() !== true) paths = await receive(stage().desk);
    });

    for (const locale of ['en', 'tr']) {
      it(`are without violations and never scroll sideways: ${locale}`, async () => {
        const problems = await crawl(stage(), 'ada', locale, paths, (at) => {
          expect(at.status, at.path).to.equal(200);
          return problemsOn(at);
        });

        expect(problems).to.deep.equal([]);
      });
    }

    it('show no English text of the catalogs in Turkish', async () => {
      const english = englishOnly([...coreCatalogs, 'plugins/email-inbox/locales', 'plugins/satisfaction-smiley/locales']);
      const found = await crawl(stage(), 'ada', 'tr', paths, ({ page }) => englishOn(page, english));

      expect(found).to.deep.equal([]);
    });
  },
  () => ({ pluginFolders: [plugins], plugins: ['email-inbox', 'auto-tagger', 'satisfaction-smiley'] }),
);

/** Takes in two mails of a thread and one that stays in quarantine; returns the pages that show something of it. */
async function receive(desk: TestDesk): Promise<readonly string[]> {
  const mailbox = await saveMailbox(desk.app.desk, desk.actor('ada'), {
    name: 'Support',
    address: 'support@desk.example',
    signature: 'Yours, {agent.name}',
  });
  const pipe = desk.app.plugins.snapshot.all('cli').find(({ value }) => value.name === 'mail pipe')?.value;
  for (const mail of mails) {
    await pipe?.run({ args: [], options: {}, actor: { kind: 'system' }, stdin: Readable.from([Buffer.from(mail)]), say: () => undefined });
    await desk.settle();
  }
  const ticket = await desk.storage.read('tickets').orderBy('id').first('number');
  await fail(desk, mailbox.id);
  return [
    '/admin/health/outbox',
    '/admin/p/email-inbox',
    `/admin/p/email-inbox/mailboxes/${mailbox.id}`,
    `/admin/mailboxes/${mailbox.id}`,
    '/admin/health',
    '/admin/plugins/email-inbox',
    '/admin/plugins/satisfaction-smiley',
    `/desk/tickets/${ticket.number}`,
    `/desk/tickets/${ticket.number}?compose=reply`,
  ];
}

/** Lets everything about mail fail that pages tell of: receiving, sending, a reply, filing, and mail that is left out. */
async function fail(desk: TestDesk, mailboxId: number): Promise<void> {
  const now = desk.clock.now();
  const ticket = await desk.storage.read('tickets').orderBy('id').first('id');
  const transport = JSON.stringify({ host: 'smtp.desk.example', port: 465, encryption: 'tls' });
  await desk.storage.writeTx((tx) => tx('mailboxes').where({ id: mailboxId }).update({ transport }));
  await desk.as('can').reply(ticket.id, { kind: 'reply', text: 'Two new ones are on their way.' });
  await desk.storage.writeTx(async (tx) => {
    await tx('p_email_mails')
      .where({ id: 2 })
      .update({ state: 'failed', reason: ownReason('errors.email-inbox.parser-broke', { message: 'The thread ended with code 1.' }) });
    await tx('p_email_mails')
      .where({ id: 1 })
      .update({ state: 'ignored', reason: ownReason('email-inbox.ignored.foreign-report') });
    await tx('mailboxes')
      .where({ id: mailboxId })
      .update({ last_error: ownReason('mail.reason.no-server') });
    await tx('p_email_receivers').insert({
      mailbox_id: mailboxId,
      host: 'imap.desk.example',
      port: 993,
      encryption: 'tls',
      state: 'paused',
      last_error: ownReason('errors.email-inbox.closed'),
      since_at: now,
      created_at: now,
      updated_at: now,
    });
    await tx('outbox').update({ state: 'failed', error: ownReason('mail.reason.process-ended') });
  });
}
