import { expect } from 'chai';
import { ownReason } from '@helpdesk/core/plugin';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

describe('mailboxes', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  let sales: number;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    sales = await inbox.addMailbox('sales@desk.example', sink.port);
  });
  afterEach(() => close());

  const settings = (values: object, mailboxId = inbox.mailboxId): Promise<void> =>
    inbox.desk.app.desk.settings.set('email-inbox', { ...values }, { kind: 'mailbox', id: mailboxId });
  const aliases = (list: readonly string[]): Promise<unknown> =>
    inbox.desk.storage.writeTx((tx) =>
      tx('mailboxes')
        .where({ id: inbox.mailboxId })
        .update({ aliases: JSON.stringify(list) }),
    );
  const sentTo = (address: string): readonly string[] =>
    sink.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => raw.toString());
  const both = { To: 'support@desk.example, sales@desk.example', 'Message-ID': '<both@x.example>' };

  // Also FS #2807, #4748, #5368, ZA #1578.
  it('D2: a mail to two mailboxes is one ticket that both lists show, and its second copy says so (FS #480)', async () => {
    const first = await inbox.receive(mail(both), 'support@desk.example');
    const second = await inbox.receive(mail(both), 'sales@desk.example');

    expect([second.ticket_id, second.dup_of, second.message_id]).to.deep.equal([first.ticket_id, first.id, null]);
    for (const id of [inbox.mailboxId, sales]) {
      const page = await inbox.desk.fetch(`/desk/inbox/mailbox-${id}`, { as: 'can' });
      expect(await page.text()).to.include('Printer');
    }
    expect(await inbox.desk.storage.read('tickets')).to.have.length(1);
  });

  it('D2: belongs to the mailbox that the sender named first, whichever is fetched first (FS #5638)', async () => {
    await settings({ defaultTags: ['support'] });
    const second = await inbox.receive(mail(both), 'sales@desk.example');
    const first = await inbox.receive(mail(both), 'support@desk.example');

    const [ticket, ...others] = await inbox.desk.storage.read('tickets').select('id', 'mailbox_id');
    expect([first.ticket_id, second.ticket_id, others]).to.deep.equal([ticket.id, ticket.id, []]);
    expect(ticket.mailbox_id).to.equal(inbox.mailboxId);
    for (const id of [inbox.mailboxId, sales])
      expect(await (await inbox.desk.fetch(`/desk/inbox/mailbox-${id}`, { as: 'can' })).text(), String(id)).to.include('Printer');
    expect(sentTo('mina@example.com')[0]).to.match(/^From: .*support@desk\.example/m);
  });

  it('D2: a colleague of a whole domain of ours names no mailbox', async () => {
    await inbox.desk.storage.writeTx((tx) => tx('mailboxes').where({ id: sales }).update({ aliases: '["*@desk.example"]' }));

    await inbox.receive(mail({ To: 'bob@desk.example', Cc: 'support@desk.example' }), 'support@desk.example');

    expect(await inbox.desk.storage.read('tickets').pluck('mailbox_id')).to.deep.equal([inbox.mailboxId]);
  });

  it('D2: each of the mailboxes counts the ticket while it is open, and only once after a merge', async () => {
    const counts = async (): Promise<readonly string[]> => {
      const text = await (await inbox.desk.fetch('/desk/inbox/mine', { as: 'can' })).text();
      return [inbox.mailboxId, sales].map((id) => {
        const [, link = ''] = new RegExp(`href="/desk/inbox/mailbox-${id}"[^>]*>([\\s\\S]*?)</a>`).exec(text) ?? [];
        return /(\d+)\s*<\/span>\s*$/.exec(link.trim())?.[1] ?? '';
      });
    };
    const other = { ...both, 'Message-ID': '<other@x.example>' };
    const first = await inbox.receive(mail(both), 'support@desk.example');
    await inbox.receive(mail(both), 'sales@desk.example');
    const second = await inbox.receive(mail(other), 'support@desk.example');
    await inbox.receive(mail(other), 'sales@desk.example');
    const open = await counts();
    await inbox.desk.as('can').merge(second.ticket_id ?? 0, first.ticket_id ?? 0);
    const merged = await counts();
    await inbox.desk.as('can').changeStatus(first.ticket_id ?? 0, 'solved');
    const closed = await counts();

    expect([open, merged]).to.deep.equal([
      ['2', '2'],
      ['1', '1'],
    ]);
    expect(closed.every((count) => count === '' || count === '0')).to.equal(true);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });

  // Also FS PR 5636.
  it('D2: with split each mailbox has its ticket, and an answer finds that of the mailbox it was sent to (FS #5485)', async () => {
    await inbox.desk.app.desk.settings.set('email-inbox', { sharedMail: 'split' });
    const first = await inbox.receive(mail(both), 'support@desk.example');
    const second = await inbox.receive(mail(both), 'sales@desk.example');
    const answer = { 'In-Reply-To': '<both@x.example>', Subject: 'Re: Printer' };

    const toSales = await inbox.receive(mail({ ...answer, To: 'sales@desk.example' }, 'for sales'), 'sales@desk.example');
    const toSupport = await inbox.receive(mail({ ...answer, To: 'support@desk.example' }, 'for support'), 'support@desk.example');

    expect(first.ticket_id).to.not.equal(second.ticket_id);
    expect([toSales.ticket_id, toSupport.ticket_id]).to.deep.equal([second.ticket_id, first.ticket_id]);
    expect(await inbox.desk.storage.read('tickets')).to.have.length(2);
  });

  it('D3: aliases, plus variants and whole domains lead to their mailbox', async () => {
    await aliases(['help@desk.example', '*@whole.example']);

    for (const to of ['help@desk.example', 'HELP+orders@desk.example', 'anything@whole.example'])
      expect((await inbox.ticket((await inbox.receive(mail({ To: to }))).ticket_id)) as object, to).to.include({
        mailbox_id: inbox.mailboxId,
      });
    const elsewhere = await inbox.receive(mail({ To: 'sales@desk.example' }));
    expect((await inbox.ticket(elsewhere.ticket_id)) as object).to.include({ mailbox_id: sales });
  });

  it('D3: our addresses are no carbon copies, and a colleague of a whole domain stays a person', async () => {
    await aliases(['help@desk.example', '*@desk.example']);
    await inbox.desk.storage.writeTx((tx) =>
      tx('user_emails').where({ email_key: 'can@example.com' }).update({ email_key: 'can@desk.example', email: 'can@desk.example' }),
    );

    const row = await inbox.receive(
      mail({ To: 'support@desk.example, old-name@desk.example', Cc: 'help+x@desk.example, can@desk.example, deniz@x.example' }),
    );
    const fromColleague = await inbox.receive(mail({ From: 'new.person@desk.example' }), 'support@desk.example');

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(JSON.parse(message?.addresses ?? '').cc.map(({ email }: { email: string }) => email)).to.deep.equal([
      'can@desk.example',
      'deniz@x.example',
    ]);
    expect(fromColleague.state).to.equal('processed');
  });

  it('D3: an answer comes from the alias the customer wrote to, and from no address of a whole domain', async () => {
    await aliases(['billing@desk.example', '*@whole.example']);
    const answered = async (to: string): Promise<readonly string[]> => {
      const { ticket_id: ticketId } = await inbox.receive(mail({ To: to, From: `${to.length}-someone@x.example` }));
      await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
      await inbox.desk.settle();
      return sentTo(`${to.length}-someone@x.example`).map((raw) => /^From: .*<(.+)>/m.exec(raw)?.[1] ?? '');
    };

    const ofAlias = await answered('Billing+orders@Desk.example');
    const ofDomain = await answered('chief@whole.example');
    const ofMailbox = await answered('support@desk.example, billing@desk.example');

    expect(ofAlias).to.deep.equal(['billing@desk.example', 'billing@desk.example']);
    expect([...ofDomain, ...ofMailbox]).to.deep.equal(Array(4).fill('support@desk.example'));
  });

  it('D3: a mail that names no address of ours is a ticket of the mailbox it came to (FS #1352)', async () => {
    const row = await inbox.receive(mail({ To: 'undisclosed-recipients:;' }), 'sales@desk.example');

    expect((await inbox.ticket(row.ticket_id)) as object).to.include({ mailbox_id: sales });
  });

  it('moves a ticket: the next reply leaves from the new mailbox and the answer still finds the ticket', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));
    const { number } = await inbox.ticket(ticketId);
    const form = new URLSearchParams({ mailbox: String(sales) });

    const moved = await inbox.desk.fetch(`/desk/tickets/${number}/properties`, {
      method: 'POST',
      body: form,
      as: 'can',
      redirect: 'manual',
    });
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'From sales.' });
    await inbox.desk.settle();

    const text = sentTo('mina@example.com').at(-1) ?? '';
    const id = /^Message-ID:\s+(\S+)/m.exec(text)?.[1];
    expect(moved.status).to.be.oneOf([302, 303]);
    expect(text).to.match(/^From: .*<sales@desk\.example>/m);
    const answer = await inbox.receive(mail({ To: 'sales@desk.example', 'In-Reply-To': id, Subject: 'Re: Printer' }, 'Thanks'));
    const old = await inbox.receive(
      mail({ To: 'support@desk.example', 'In-Reply-To': '<a@x.example>', Subject: 'Re: Printer' }, 'Thanks twice'),
    );
    expect([answer.ticket_id, old.ticket_id]).to.deep.equal([ticketId, ticketId]);
  });

  it('W3: keeps at most 25 carbon copies, notes that there were more, and acknowledges none of them', async () => {
    const row = await inbox.receive(
      mail({ From: 'someone@x.example', Cc: Array.from({ length: 40 }, (_, index) => `cc${index}@x.example`).join(', ') }),
    );

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(JSON.parse(message?.addresses ?? '').cc).to.have.length(25);
    expect(JSON.parse(message?.flags ?? '')).to.deep.equal(['more-recipients']);
    expect(sink.mails.filter(({ to }) => to.some((one) => one.startsWith('cc')))).to.deep.equal([]);
  });

  it('L10: mail of lists opens a ticket unless the mailbox leaves it out, and joins a ticket it answers all the same', async () => {
    const list = { 'List-Id': '<news.customer.example>' };
    const asked = await inbox.receive(mail({ ...list, 'Message-ID': '<a@x.example>' }), 'support@desk.example');
    await settings({ listMail: 'ignore' });

    const left = await inbox.receive(mail(list), 'support@desk.example');
    const answer = await inbox.receive(mail({ ...list, 'In-Reply-To': '<a@x.example>' }), 'support@desk.example');
    const person = await inbox.receive(mail({}), 'support@desk.example');
    const elsewhere = await inbox.receive(mail({ ...list, To: 'sales@desk.example' }), 'sales@desk.example');

    expect([asked, left, answer, person, elsewhere].map(({ state, kind, reason }) => [state, kind, reason])).to.deep.equal([
      ['processed', 'list', null],
      ['ignored', 'list', ownReason('email-inbox.ignored.list')],
      ['processed', 'list', null],
      ['processed', 'human', null],
      ['processed', 'list', null],
    ]);
    expect(answer.ticket_id).to.equal(asked.ticket_id);
  });
});
