import { expect } from 'chai';
import { startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';
import { bounce } from './support/reports.ts';

const minute = 60_000;

describe('mail that no person wrote', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const textOf = (index: number): string => (sink.mails.at(index)?.raw.toString() ?? '').replace(/\r\n[ \t]+/g, ' ');
  const emailRow = (key: string) => inbox.desk.storage.read('user_emails').where({ email_key: key }).first();
  const acknowledgements = () => sink.mails.filter(({ raw }) => /^Auto-Submitted: auto-replied\r?$/m.test(raw.toString()));

  // Also FreeScout #634, #688, #2445; to one recipient alone: LD PR 310.
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
    await inbox.mailsNewTickets();
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
    await inbox.answer(ticketId);
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
    await inbox.addMailbox('strict@desk.example', strict.port);
    await inbox.receive(mail({ To: 'strict@desk.example' }), 'strict@desk.example');
    await inbox.desk.settle();
    const paths = strict.mails.map(({ from }) => from);
    inbox.desk.app.desk.mail.transports.close();
    await strict.close();

    expect(paths).to.deep.equal(['strict@desk.example']);
  });

  // Also FreeScout #4250, #3156, Zammad #1131, #1026, #4941, osTicket #1467, #1041, frappe/helpdesk PR 3628.
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
});
