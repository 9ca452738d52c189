import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';
import { bounce, report } from './support/reports.ts';

const dayMs = 86_400_000;

describe('a report about a mail that left', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const emailRow = (key: string) => inbox.desk.storage.read('user_emails').where({ email_key: key }).first();

  it('O5, B1: with plus addresses each mail has a return path of its own, and a report to it needs to bring nothing back', async () => {
    await inbox.addReceiver({ signs_addresses: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await inbox.answer(ticketId);
    const path = sink.mails.at(-1)?.from ?? '';
    const row = await inbox.receive(bounce('<not-ours@else.example>', 'mina@example.com', { To: path }), 'support@desk.example');

    expect(path).to.match(/^support\+b[0-9a-z]+\.[a-z2-7]{16}@desk\.example$/);
    expect(row).to.include({ kind: 'bounce', state: 'processed', ticket_id: ticketId });
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'failed' });
  });

  it('B1: a report with a forged return path and no id of ours changes nothing', async () => {
    await inbox.addReceiver({ signs_addresses: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await inbox.answer(ticketId);
    const forged = `support+b${sent.id.toString(36)}.aaaaaaaaaaaaaaaa@desk.example`;
    const row = await inbox.receive(bounce('<not-ours@else.example>', 'mina@example.com', { To: forged }), 'support@desk.example');

    expect(row).to.include({ state: 'ignored', ticket_id: null });
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'sent' });
    expect(await inbox.desk.storage.read('address_reports')).to.deep.equal([]);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
  });

  it('B1: what a report says is shown as it says it, also where it looks like a stored reason of ours', async () => {
    for (const diagnostic of ['{"key":"x"}', '{"key":"errors.auth.forbidden","values":{}}']) {
      const { ticket_id: ticketId } = await inbox.receive(mail({}));
      const sent = await inbox.answer(ticketId);
      await inbox.receive(bounce(sent.message_id, 'mina@example.com', {}, { action: 'failed', status: '5.1.1', diagnostic }));

      const { number } = await inbox.ticket(ticketId);
      const page = await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' });
      expect(page.status).to.equal(200);
      expect(await page.text()).to.include('{&quot;key&quot;:&quot;');
    }
  });

  it('B1: a delay and a failure of class 4 are notices: the mail stays sent and the address good', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await inbox.answer(ticketId);
    await inbox.receive(bounce(sent.message_id, 'mina@example.com', {}, { action: 'delayed', status: '4.4.1' }));
    await inbox.receive(bounce(sent.message_id, 'mina@example.com', {}, { action: 'failed', status: '4.2.2' }));

    const events = await inbox.desk.storage.read('events').where({ name: 'mail.reported' }).pluck('payload');
    expect(events.map((payload) => JSON.parse(payload).kind)).to.deep.equal(['delayed', 'delayed']);
    expect(await inbox.desk.storage.read('outbox').where({ id: sent.id }).first()).to.include({ state: 'sent' });
    expect(await emailRow('mina@example.com')).to.include({ bounces: 0, suppressed_at: null });
    const page = await (await inbox.desk.fetch(`/desk/tickets/${(await inbox.ticket(ticketId)).number}`, { as: 'can' })).text();
    expect(page).to.include('A server said that an answer is delayed').and.include('mina@example.com');
  });

  for (const action of ['failed', 'delayed'])
    it(`B1: tells a recipient that failed for good from one of class 4 in the same report: ${action}`, async () => {
      const { ticket_id: ticketId } = await inbox.receive(mail({}));
      await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'Hi.', cc: [{ email: 'boss@customer.example' }] });
      await inbox.desk.settle();
      const sent = (await inbox.outbox()).at(-1);
      await inbox.receive(
        report(sent?.message_id ?? '', [
          { address: 'mina@example.com', action, status: '4.2.2' },
          { address: 'boss@customer.example', action: 'failed', status: '5.1.1' },
        ]),
      );

      const states = await inbox.desk.storage.read('outbox_recipients').where({ outbox_id: sent?.id }).select('address_key', 'state');
      expect(Object.fromEntries(states.map((row) => [row.address_key, row.state]))).to.deep.equal({
        'boss@customer.example': 'failed',
        'mina@example.com': 'delayed',
      });
      expect(await inbox.desk.storage.read('address_reports').pluck('address_key')).to.deep.equal(['boss@customer.example']);
    });

  // A report that became a conversation: FS #4250, #182.
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
      const sent = await inbox.answer(ticketId, `Try ${round}.`);
      await inbox.receive(bounce(sent.message_id, 'mina@example.com'));
      pages.push(await (await inbox.desk.fetch(`/desk/tickets/${number}?compose=reply`, { as: 'can' })).text());
    }
    const customer = await (await inbox.desk.fetch(`/desk/customers/${inbox.desk.people.mina.id}`, { as: 'can' })).text();
    const third = await inbox.answer(ticketId, 'Try 2.');
    inbox.desk.clock.advance(8 * dayMs);
    const later = await (await inbox.desk.fetch(`/desk/tickets/${number}?compose=reply`, { as: 'can' })).text();

    const warning = 'Mail to mina@example.com came back more than once';
    expect(pages.map((page) => page.includes(warning))).to.deep.equal([false, true]);
    expect(customer).to.include('Mail there came back (5.1.1)');
    expect(third.state).to.equal('sent');
    expect(later).to.not.include(warning);
  });

  it('L5: a complaint marks the address, and automatic mail there ends', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    const sent = await inbox.answer(ticketId);
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
});
