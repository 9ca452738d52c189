import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const day = 86_400_000;

describe('what is set for a mailbox', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    await inbox.addMailbox('sales@desk.example', sink.port);
  });
  afterEach(() => close());

  const settings = (values: object): Promise<void> =>
    inbox.desk.app.desk.settings.set('email-inbox', { ...values }, { kind: 'mailbox', id: inbox.mailboxId });
  const sentTo = (address: string): readonly string[] =>
    sink.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => raw.toString());

  it('quotes earlier messages as the mailbox says, and one reply can leave them out', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ From: 'someone@x.example' }, 'It smokes.'));
    const { number } = await inbox.ticket(ticketId);
    const post = (more: Readonly<Record<string, string>>) =>
      inbox.desk.fetch(`/desk/tickets/${number}/messages`, {
        method: 'POST',
        as: 'can',
        body: new URLSearchParams({ kind: 'reply', ...more, idempotencyKey: more['body'] ?? '' }),
      });
    const shown = async (): Promise<boolean> =>
      (await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text()).includes('name="unquoted"');
    const quoted = async (body: string): Promise<boolean> => {
      inbox.desk.clock.advance(60_000);
      await inbox.desk.settle();
      return sentTo('someone@x.example').some((raw) => raw.includes(body) && raw.includes('> It smokes.'));
    };
    const wasShown = await shown();
    await post({ body: 'First.' });
    await post({ body: 'Second.', unquoted: '1' });
    const [first, second] = [await quoted('First.'), await quoted('Second.')];
    const form = {
      name: 'Support',
      address: 'support@desk.example',
      signature: '',
      host: '127.0.0.1',
      port: String(sink.port),
      encryption: 'auto',
    };
    await inbox.desk.fetch(`/admin/mailboxes/${inbox.mailboxId}`, {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({ ...form, 'tickets.quoteHistory': 'none' }),
    });
    await post({ body: 'Third.' });

    expect([wasShown, first, second]).to.deep.equal([true, true, false]);
    expect([await quoted('Third.'), await shown()]).to.deep.equal([false, false]);
    expect(sentTo('someone@x.example').filter((raw) => /(?:First|Second|Third)\./.test(raw))).to.have.length(3);
  });

  it('fills signature, acknowledgement and the words above a reply, and marks what is missing', async () => {
    await settings({
      acknowledgementText: 'Dear {{customer.name}}, this is {{ticket.number}}.',
      replyOpening: 'Hello {{customer.name|you}},',
    });
    await inbox.desk.storage.writeTx((tx) =>
      tx('mailboxes').where({ id: inbox.mailboxId }).update({ signature: '{{agent.name}} of {{mailbox.name}} <b> {{agent.nothing}}' }),
    );
    const { ticket_id: ticketId } = await inbox.receive(mail({ From: '"<i>Mina</i>" <someone@x.example>' }));
    await inbox.desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text: 'It is out.' });
    await inbox.desk.settle();

    const { number } = await inbox.ticket(ticketId);
    const [acknowledgement = '', reply = ''] = sentTo('someone@x.example');
    expect(acknowledgement).to.include(`this is ${number}.`);
    expect(acknowledgement).to.match(/Dear &lt;i&gt;Mina&lt;\/i&gt;/);
    expect(reply).to.match(/Hello <i>Mina<\/i>,\r\n\r\nIt is out\./);
    const { html } = (await inbox.desk.storage.read('outbox').where({ kind: 'reply' }).first()) as { html: string };
    expect(html).to.include('of Support &lt;b&gt; [agent.nothing]');
    expect(reply.replaceAll('=\r\n', '')).to.match(/<body[^>]*><div>Hello &lt;i&gt;Mina&lt;\/i&gt;,/);
  });

  it('refuses an unknown placeholder when it is saved, and names those there are', async () => {
    const failure = await settings({ acknowledgementText: 'Dear {{customer.nmae}}, {{ 7*7 }}' }).catch((error: unknown) => error);
    const form = new URLSearchParams({ name: 'Support', address: 'support@desk.example', signature: '{{agent.salary}}', host: '' });
    const page = await inbox.desk.fetch(`/admin/mailboxes/${inbox.mailboxId}`, { method: 'POST', body: form, as: 'ada' });

    expect(failure).to.include({ code: 'placeholders.unknown' });
    expect((failure as { details: object }).details).to.deep.include({ fields: ['email-inbox.acknowledgementText'] });
    const text = await page.text();
    expect([page.status, text.includes('{{agent.salary}}'), text.includes('{{customer.name}}')]).to.deep.equal([422, true, true]);
  });

  it('answers with its notice of absence, once for each customer, and marked as automatic', async () => {
    const today = new Date(inbox.desk.clock.now());
    const iso = (days: number): string => new Date(today.getTime() + days * day).toISOString().slice(0, 10);
    await settings({ awayFrom: iso(-1), awayUntil: iso(1), awayText: 'Away, {{customer.name}}.' });
    await inbox.receive(mail({ 'Message-ID': '<a@x.example>', From: 'someone@x.example' }));
    await inbox.receive(mail({ 'In-Reply-To': '<a@x.example>', From: 'someone@x.example' }, 'And?'));
    await inbox.receive(mail({ From: 'robot@y.example', 'Auto-Submitted': 'auto-generated' }));

    const answers = sentTo('someone@x.example');
    expect(answers).to.have.length(1);
    expect(answers[0])
      .to.match(/^Auto-Submitted: auto-replied/m)
      .and.to.include('Away, ');
    expect(sentTo('robot@y.example')).to.deep.equal([]);

    inbox.desk.clock.advance(3 * day);
    await inbox.receive(mail({ From: 'late@x.example' }));
    expect(sentTo('late@x.example').join()).to.not.include('Away');
    expect(sentTo('late@x.example')).to.have.length(1);
  });

  it('offers the agents as assignees of new tickets, and keeps one that left', async () => {
    const options = async (): Promise<readonly string[]> => {
      const text = await (await inbox.desk.fetch(`/admin/mailboxes/${inbox.mailboxId}`, { as: 'ada' })).text();
      const [, select = ''] = /<select[^>]*name="email-inbox\.defaultAssignee"[^>]*>([\s\S]*?)<\/select>/.exec(text) ?? [];
      return [...select.matchAll(/value="([^"]*)"( selected)?/g)].map(([, value, selected]) => `${value}${selected ?? ''}`);
    };
    await settings({ defaultAssignee: 'can@example.com' });
    const before = await options();
    await settings({ defaultAssignee: 'left@example.com' });

    expect(before).to.include.members(['', 'ada@example.com', 'can@example.com selected']);
    expect(before).to.not.include('mina@example.com');
    expect(await options()).to.include('left@example.com selected');
  });

  it('gives new tickets the tags and the assignee of their mailbox', async () => {
    await settings({ defaultTags: ['mail', 'support'], defaultAssignee: 'can@example.com' });

    const ticket = await inbox.ticket((await inbox.receive(mail({}))).ticket_id);
    const other = await inbox.ticket((await inbox.receive(mail({ To: 'sales@desk.example' }))).ticket_id);

    expect(ticket as object).to.include({ assignee_id: inbox.desk.people.can.id });
    expect(
      await inbox.desk.storage
        .read('ticket_tags')
        .join('tags', 'tags.id', 'tag_id')
        .where({ ticket_id: ticket.id })
        .orderBy('name')
        .pluck('name'),
    ).to.deep.equal(['mail', 'support']);
    expect(other as object).to.include({ assignee_id: null });
  });
});
