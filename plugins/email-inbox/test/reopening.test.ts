import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';
import { bounce } from './support/reports.ts';

const day = 86_400_000;

describe('a mail to a solved ticket', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  it('T7: reopens a solved ticket within the days of the setting and later opens a linked one (frappe/helpdesk#3465)', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
    inbox.desk.clock.advance(13 * day);

    const soon = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }, 'Again'));
    expect(soon.ticket_id).to.equal(first.ticket_id);
    expect((await inbox.ticket(first.ticket_id)).category).to.equal('open');

    await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
    inbox.desk.clock.advance(15 * day);
    const late = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>' }, 'Once more'));

    expect(late.ticket_id).to.not.equal(first.ticket_id);
    expect((await inbox.ticket(first.ticket_id)).category).to.equal('solved');
    expect(await inbox.desk.storage.read('ticket_links').select('ticket_id', 'other_id')).to.deep.equal([
      { ticket_id: first.ticket_id, other_id: late.ticket_id },
    ]);
  });

  it('T7: stores an auto-reply without reopening', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');

    const row = await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', 'Auto-Submitted': 'auto-replied', Subject: 'Out of office' }));

    expect(row).to.include({ ticket_id: first.ticket_id, kind: 'auto-reply' });
    expect((await inbox.ticket(first.ticket_id)).category).to.equal('solved');
    expect((await inbox.messages(first.ticket_id ?? 0)).map(({ origin }) => origin)).to.deep.equal(['person', 'auto-reply']);
  });

  it('T7: reopens for what a program wrote only where the mailbox says so, and never for an auto-reply', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    const after = async (submitted: string): Promise<string> => {
      await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
      await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', 'Auto-Submitted': submitted, Subject: 'Disk full' }));
      return (await inbox.ticket(first.ticket_id)).category;
    };
    const unset = await after('auto-generated');
    await inbox.desk.app.desk.settings.set('email-inbox', { generatedReopens: true }, { kind: 'mailbox', id: inbox.mailboxId });

    expect([unset, await after('auto-generated'), await after('auto-replied')]).to.deep.equal(['solved', 'open', 'solved']);
    expect(await inbox.outbox()).to.deep.equal([]);
  });

  const invitation = (method: string) => ({ 'Content-Type': `text/calendar; method=${method}`, 'In-Reply-To': '<a@x.example>' });
  const invite = (method: string): string => `BEGIN:VCALENDAR\nMETHOD:${method}\nEND:VCALENDAR`;
  const receipt = {
    'Content-Type': 'multipart/report; report-type=disposition-notification; boundary=x',
    'In-Reply-To': '<a@x.example>',
  };
  const silent: readonly (readonly [rule: string, what: string, mail: () => Uint8Array])[] = [
    [
      'L11, L7',
      'an invitation that a program sent',
      () => mail({ ...invitation('REQUEST'), 'Auto-Submitted': 'auto-generated' }, invite('REQUEST')),
    ],
    ['L11, L8', 'an invitation in an auto-reply', () => mail({ ...invitation('REQUEST'), 'X-Autoreply': 'yes' }, invite('REQUEST'))],
    ['L11', 'the answer to an invitation', () => mail(invitation('REPLY'), invite('REPLY'))],
    ['L11', 'another time for an invitation', () => mail(invitation('COUNTER'), invite('COUNTER'))],
    ['L3', 'a bounce', () => bounce('<a@x.example>', 'mina@example.com', { 'In-Reply-To': '<a@x.example>' })],
    [
      'L4',
      'a read receipt',
      () =>
        mail(receipt, '--x\n\nRead.\n--x\nContent-Type: message/disposition-notification\n\nDisposition: manual-action; displayed\n--x--'),
    ],
  ];
  for (const [rule, what, raw] of silent)
    it(`${rule}: reopens no solved ticket for ${what}`, async () => {
      const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
      await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');

      await inbox.receive(raw());

      expect((await inbox.ticket(first.ticket_id)).category).to.equal('solved');
    });

  it('L11: reopens a solved ticket for an invitation of a person, and for no answer to one, whatever the mailbox says of programs', async () => {
    const first = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    await inbox.desk.app.desk.settings.set('email-inbox', { generatedReopens: true }, { kind: 'mailbox', id: inbox.mailboxId });
    const after = async (method: string, submitted?: string): Promise<string> => {
      await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
      await inbox.receive(mail({ ...invitation(method), 'Auto-Submitted': submitted }, invite(method)));
      return (await inbox.ticket(first.ticket_id)).category;
    };

    expect([await after('REQUEST'), await after('REPLY', 'auto-generated')]).to.deep.equal(['open', 'solved']);
  });
});
