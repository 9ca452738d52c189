import { expect } from 'chai';
import { needsDovecot, startDovecot, startFaultySmtp, startOAuthServer, startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const minute = 60_000;

describe('what the inbox adds to sending', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  beforeEach(async () => {
    sink = await startSmtpSink();
    inbox = await createInbox({ smtpPort: sink.port });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await sink.close();
  });

  const receiver = (more: Readonly<Record<string, unknown>> = {}) =>
    inbox.desk.storage.writeTx((tx) =>
      tx('p_email_receivers').insert({
        mailbox_id: inbox.mailboxId,
        host: 'h',
        port: 1,
        encryption: 'tls',
        state: 'paused',
        since_at: 0,
        created_at: 0,
        updated_at: 0,
        ...more,
      }),
    );
  const textOf = (index: number): string => (sink.mails.at(index)?.raw.toString() ?? '').replace(/\r\n[ \t]+/g, ' ');
  const answer = async (ticketId: number | null, text = 'It is out.') => {
    const message = await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text });
    await inbox.desk.settle();
    const entry = (await inbox.outbox()).at(-1);
    if (entry === undefined) throw new Error('Nothing was queued.');
    return { ...entry, message };
  };
  const emailRow = (key: string) => inbox.desk.storage.read('user_emails').where({ email_key: key }).first();
  const acknowledgements = () => sink.mails.filter(({ raw }) => /^Auto-Submitted: auto-replied\r?$/m.test(raw.toString()));

  it('L15: one acknowledgement in 60 minutes and five a day to one address, one a ticket ever (FreeScout #3670)', async () => {
    const counts: number[] = [];
    for (let round = 0; round < 26; round += 1) {
      await inbox.receive(mail({ From: 'robot@x.example', Subject: `Away ${round}` }));
      await inbox.receive(mail({ From: 'robot@x.example', Subject: `Still away ${round}` }));
      counts.push(acknowledgements().length);
      inbox.desk.clock.advance(61 * minute);
    }

    expect(counts.slice(0, 6)).to.deep.equal([1, 2, 3, 4, 5, 5]);
    expect(counts[23]).to.equal(5);
    expect(counts[25]).to.be.within(6, 7);
    expect(acknowledgements().every(({ to }) => to.length === 1)).to.equal(true);
  });

  it('L15: more than twenty new tickets in ten minutes are still made, unanswered, and told of once', async () => {
    await inbox.desk.storage.writeTx((tx) =>
      tx('users')
        .where({ id: inbox.desk.people.can.id })
        .update({ preferences: JSON.stringify({ notifications: { 'new-ticket': { inApp: true, byMail: true } } }) }),
    );
    for (let index = 0; index < 30; index += 1) await inbox.receive(mail({ From: 'flood@x.example', Subject: `Alert ${index}` }));

    expect(await inbox.desk.storage.read('tickets')).to.have.length(30);
    expect(acknowledgements()).to.have.length(1);
    expect(await inbox.desk.storage.read('notifications').where({ kind: 'flood' }).pluck('user_id')).to.deep.equal([
      inbox.desk.people.ada.id,
    ]);
    expect(sink.mails.filter(({ to }) => to.includes('can@example.com')).length).to.equal(20);
    expect(await inbox.desk.storage.read('loop_guard_hits').where({ budget: 'flood' })).to.have.length(10);
  });

  it('L16: an acknowledgement says that it is automatic and has the empty return path, a person’s answer neither (FreeScout #2488)', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    const automatic = acknowledgements()[0];
    await answer(ticketId);
    const human = textOf(-1);

    const text = automatic?.raw.toString() ?? '';
    expect(automatic?.from).to.equal('');
    expect(text)
      .to.match(/^Auto-Submitted: auto-replied\r?$/m)
      .and.match(/^X-Auto-Response-Suppress: All\r?$/m);
    expect(text)
      .to.match(/^Precedence: auto_reply\r?$/m)
      .and.match(/^X-Desk-Loop: /m)
      .and.match(/^In-Reply-To: <a@x\.example>\r?$/m);
    expect(human).to.not.match(/^(?:Auto-Submitted|X-Auto-Response-Suppress|Precedence):/m);
    expect(sink.mails.at(-1)?.from).to.equal('support@desk.example');
  });

  it('L16: where the server takes no empty return path the mailbox takes its place', async () => {
    const strict = await startSmtpSink({
      onMailFrom: ({ address }, _session, done) => done(address === '' ? Object.assign(new Error('No'), { responseCode: 553 }) : null),
    });
    const mailboxId = await inbox.addMailbox('strict@desk.example', strict.port);
    await inbox.receive(mail({ To: 'strict@desk.example' }), 'strict@desk.example');
    await inbox.desk.settle();
    const paths = strict.mails.map(({ from }) => from);
    inbox.desk.app.desk.mail.transports.close();
    await strict.close();

    expect(mailboxId).to.be.greaterThan(0);
    expect(paths).to.deep.equal(['strict@desk.example']);
  });

  it('L17: two notices that came back stop mail to that agent, who is told in the app, and nothing is sent about it (FreeScout #4806, Zammad #5428)', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    const notices = () =>
      inbox.desk.storage.read('outbox').where({ kind: 'notification' }).whereLike('envelope', '%can@example.com%').orderBy('id');
    await inbox.desk.app.desk.storage.writeTx((tx) =>
      tx('tickets').where({ id: ticketId }).update({ assignee_id: inbox.desk.people.can.id }),
    );
    for (let round = 0; round < 4; round += 1) {
      await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', Subject: 'Re: Printer' }, `More ${round}`));
      const before = sink.mails.length;
      const notice = (await notices()).at(-1);
      await inbox.receive(bounce(notice?.message_id ?? '', 'can@example.com'));
      expect(sink.mails.length, 'mails after the bounce').to.equal(before);
    }

    expect(await notices()).to.have.length(2);
    expect((await emailRow('can@example.com')).suppressed_at).to.not.equal(null);
    expect(await inbox.desk.storage.read('notifications').where({ kind: 'notices-off' }).pluck('user_id')).to.deep.equal([
      inbox.desk.people.can.id,
    ]);
    expect(await inbox.desk.storage.read('notifications').where({ kind: 'delivery-failed' })).to.deep.equal([]);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
  });

  it('O4: echoes Thread-Index and Thread-Topic of the mail it answers (FreeScout #4922)', async () => {
    await receiver();
    const index = Buffer.alloc(27, 7).toString('base64');
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Thread-Index': index, 'Thread-Topic': 'Printer' }));
    await answer(ticketId);

    expect(textOf(-1)).to.include(`Thread-Index: ${index}`).and.include('Thread-Topic: Printer');
  });

  it('O5, B1: with plus addresses each mail has a return path of its own, and a report to it needs to bring nothing back', async () => {
    await receiver({ signs_addresses: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await answer(ticketId);
    const path = sink.mails.at(-1)?.from ?? '';
    const row = await inbox.receive(bounce('<not-ours@else.example>', 'mina@example.com', { To: path }), 'support@desk.example');

    expect(path).to.match(/^support\+b[0-9a-z]+\.[a-z2-7]{16}@desk\.example$/);
    expect(row).to.include({ kind: 'bounce', state: 'processed', ticket_id: ticketId });
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'failed' });
  });

  it('B1: a report with a forged return path and no id of ours changes nothing', async () => {
    await receiver({ signs_addresses: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await answer(ticketId);
    const forged = `support+b${sent.id.toString(36)}.aaaaaaaaaaaaaaaa@desk.example`;
    const row = await inbox.receive(bounce('<not-ours@else.example>', 'mina@example.com', { To: forged }), 'support@desk.example');

    expect(row).to.include({ state: 'ignored', ticket_id: null });
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'sent' });
    expect(await inbox.desk.storage.read('address_reports')).to.deep.equal([]);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
  });

  it('B1: a delay and a failure of class 4 are notices: the mail stays sent and the address good', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await answer(ticketId);
    await inbox.receive(bounce(sent.message_id, 'mina@example.com', {}, { action: 'delayed', status: '4.4.1' }));
    await inbox.receive(bounce(sent.message_id, 'mina@example.com', {}, { action: 'failed', status: '4.2.2' }));

    const events = await inbox.desk.storage.read('events').where({ name: 'mail.reported' }).pluck('payload');
    expect(events.map((payload) => JSON.parse(payload).kind)).to.deep.equal(['delayed', 'delayed']);
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'sent' });
    expect(await emailRow('mina@example.com')).to.include({ bounces: 0, suppressed_at: null });
    const page = await (await inbox.desk.fetch(`/desk/tickets/${(await inbox.ticket(ticketId)).number}`, { as: 'can' })).text();
    expect(page).to.include('A server said that an answer is delayed').and.include('mina@example.com');
  });

  it('B1: names the one recipient of several that failed, and counts one mail once however often it is reported', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'Hi.', cc: [{ email: 'boss@customer.example' }] });
    await inbox.desk.settle();
    const sent = (await inbox.outbox()).at(-1);
    for (let times = 0; times < 3; times += 1) await inbox.receive(bounce(sent?.message_id ?? '', 'boss@customer.example'));

    expect(
      await inbox.desk.storage
        .read('outbox_recipients')
        .where({ outbox_id: sent?.id })
        .orderBy('address_key')
        .select('address_key', 'state'),
    ).to.deep.equal([
      { address_key: 'boss@customer.example', state: 'failed' },
      { address_key: 'mina@example.com', state: 'sent' },
    ]);
    expect(await inbox.desk.storage.read('address_reports')).to.have.length(1);
  });

  it('B1: warns before writing to an address whose mailbox two mails said does not exist, and still sends', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const { number } = await inbox.ticket(ticketId);
    const pages: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const sent = await answer(ticketId, `Try ${round}.`);
      await inbox.receive(bounce(sent.message_id, 'mina@example.com'));
      pages.push(await (await inbox.desk.fetch(`/desk/tickets/${number}?compose=reply`, { as: 'can' })).text());
    }
    const customer = await (await inbox.desk.fetch(`/desk/customers/${inbox.desk.people.mina.id}`, { as: 'can' })).text();
    const third = await answer(ticketId, 'Try 2.');
    inbox.desk.clock.advance(8 * 24 * 60 * minute);
    const later = await (await inbox.desk.fetch(`/desk/tickets/${number}?compose=reply`, { as: 'can' })).text();

    const warning = 'Mail to mina@example.com came back more than once';
    expect(pages.map((page) => page.includes(warning))).to.deep.equal([false, true]);
    expect(customer).to.include('Mail there came back (5.1.1)');
    expect(third.state).to.equal('sent');
    expect(later).to.not.include(warning);
  });

  it('L5: a complaint marks the address, and automatic mail there ends', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await answer(ticketId);
    await inbox.receive(
      mail(
        { From: 'fbl@provider.example', 'Content-Type': 'multipart/report; report-type=feedback-report; boundary=x' },
        [
          '--x',
          'Content-Type: text/plain',
          '',
          'Abuse.',
          '--x',
          'Content-Type: message/feedback-report',
          '',
          'Feedback-Type: abuse',
          'Original-Rcpt-To: <mina@example.com>',
          '--x',
          'Content-Type: message/rfc822',
          '',
          `Message-ID: ${sent.message_id}`,
          'To: mina@example.com',
          '',
          'Hi',
          '--x--',
        ].join('\n'),
      ),
    );

    expect(await inbox.desk.storage.read('address_reports').select('address_key', 'kind')).to.deep.equal([
      { address_key: 'mina@example.com', kind: 'complaint' },
    ]);
    expect((await emailRow('mina@example.com')).suppressed_at).to.not.equal(null);
  });

  describe('with a real IMAP server', () => {
    before(needsDovecot);

    it('O3, O8: keeps a copy in Sent, and finds a mail there whose last answer got lost', async () => {
      const dovecot = await startDovecot();
      const server = await startFaultySmtp();
      const mailboxId = await inbox.addMailbox('real@desk.example', server.port);
      await inbox.desk.storage.writeTx(async (tx) => {
        await tx('p_email_receivers').insert({
          mailbox_id: mailboxId,
          host: '127.0.0.1',
          port: dovecot.port,
          encryption: 'auto',
          user: 'real',
          is_operators: true,
          state: 'active',
          since_at: 0,
          created_at: 0,
          updated_at: 0,
        });
        await inbox.desk.app.desk.secrets.set(tx, 'email-inbox', `mailbox:${mailboxId}:imap`, 'secret');
      });
      const { ticket_id: ticketId } = await inbox.receive(mail({ To: 'real@desk.example', Precedence: 'list' }), 'real@desk.example');
      const kept = await answer(ticketId, 'Kept.');
      const folder = inbox.desk.app.plugins.services.get('mail.sent-folder');
      const isThere = await folder?.has(mailboxId, kept.message_id);
      server.fault = { dropAt: 'answer' };
      const lost = await answer(ticketId, 'Lost.');
      await folder?.append(mailboxId, { messageId: lost.message_id, raw: mail({ 'Message-ID': lost.message_id }), sentAt: 0 });
      const tries = server.mails.length;
      inbox.desk.clock.advance(15 * minute);
      await inbox.desk.settle();

      expect(isThere).to.equal(true);
      expect(lost.state).to.equal('uncertain');
      expect(await inbox.desk.storage.read('outbox').where({ id: lost.id }).first()).to.include({ state: 'sent' });
      expect(server.mails).to.have.length(tries);
      await server.close();
      await dovecot.close();
    });

    it('O6: reads a mailbox with XOAUTH2, renews the token, and says when it is no longer taken', async () => {
      const { desk } = inbox;
      const provider = await startOAuthServer({ now: () => desk.clock.now() });
      const dovecot = await startDovecot({ introspectionUrl: `${provider.url}/introspect` });
      const { openImap } = await import('../imap-connection.ts');
      const { serverOf } = await import('../imap-server.ts');
      expect(openImap).to.be.a('function');
      expect(serverOf).to.be.a('function');
      const code = await fetch(
        `${provider.url}/authorize?redirect_uri=http://x.example/&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU`,
        {
          redirect: 'manual',
        },
      );
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(code.headers.get('Location') ?? '').searchParams.get('code') ?? '',
        code_verifier: '',
        redirect_uri: 'http://x.example/',
        client_id: 'desk',
        client_secret: 'desk-secret',
      });
      const { access_token: accessToken } = (await (await fetch(`${provider.url}/token`, { method: 'POST', body })).json()) as {
        access_token: string;
      };
      const server = {
        host: '127.0.0.1',
        port: dovecot.port,
        encryption: 'auto',
        user: 'support@desk.example',
        password: undefined,
        accessToken,
        isOperators: true,
      } as const;
      const client = await openImap(server);
      const folders = await client.list();
      client.close();
      provider.revokeAll();
      const refusal = await openImap(server).catch((error: { details: { isRefused: boolean } }) => error.details.isRefused);

      expect(folders.map(({ path }) => path)).to.include('INBOX');
      expect(refusal).to.equal(true);
      await dovecot.close();
      await provider.close();
    });
  });
});

function bounce(
  messageId: string,
  recipient: string,
  headers: Readonly<Record<string, string>> = {},
  { action, status }: { readonly action: string; readonly status: string } = { action: 'failed', status: '5.1.1' },
): Uint8Array {
  return mail(
    {
      From: 'MAILER-DAEMON@mx.example',
      Subject: 'Undelivered',
      'Return-Path': '<>',
      'Content-Type': 'multipart/report; report-type=delivery-status; boundary=x',
      ...headers,
    },
    [
      '--x',
      'Content-Type: text/plain',
      '',
      'It failed.',
      '--x',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example',
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${status} no`,
      '--x',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      `To: ${recipient}`,
      'From: support@desk.example',
      '',
      'Hi',
      '--x--',
    ].join('\n'),
  );
}
