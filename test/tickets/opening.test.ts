import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { openTicket, reply, seeTicket, ticketCounts, editTicket } from '#core/tickets/index.js';
import { listTickets } from '#core/inbox/index.js';

describe('opening a ticket', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('stores ticket, message, event and counter together', async () => {
    const { ticket, message } = await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'Invoice missing',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Where is my invoice?' },
      channel: 'portal',
    });

    expect(ticket).to.include({
      number: 1001,
      category: 'open',
      place: 'desk',
      messageCount: 1,
      lastMessageId: message.id,
      preview: 'Where is my invoice?',
    });
    expect(await desk.storage.read('events').where({ name: 'ticket.opened' }).pluck('ticket_id')).to.deep.equal([ticket.id]);
    expect(await ticketCounts(desk.storage.read)).to.deep.equal([{ mailboxId: 0, assigneeId: 0, bucket: 'open', tickets: 1 }]);
  });

  it('writes nothing when the transaction fails', async () => {
    await desk.storage.writeTx((tx) => tx.schema.dropTable('ticket_counts'));

    const failed = await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'x',
      requester: { userId: desk.people.mina.id },
      message: { text: 'y' },
      channel: 'portal',
    }).then(
      () => false,
      () => true,
    );

    expect(failed).to.equal(true);
    expect(await desk.storage.read('messages').select('id')).to.deep.equal([]);
    expect(await desk.storage.read('events').where({ name: 'ticket.opened' })).to.deep.equal([]);
    if (desk.storage.dialect === 'postgres') {
      await desk.storage.writeTx((tx) =>
        tx.raw(
          'create table ticket_counts (mailbox_id bigint not null, assignee_id bigint not null, bucket varchar(10) not null, tickets integer not null, primary key (mailbox_id, assignee_id, bucket))',
        ),
      );
    }
  });

  it('lets customers see only their own tickets', async () => {
    const { ticket } = await openTicket(desk.app.desk, desk.actor('can'), {
      subject: 'Phone call',
      requester: { email: 'somebody@example.org', name: 'Some Body' },
      message: { text: 'They rang.' },
      channel: 'phone',
    });

    const seen = await seeTicket(desk.app.desk, desk.actor('mina'), ticket.id).catch((error: { code: string }) => error.code);

    expect(seen).to.equal('tickets.not-found');
    expect((await listTickets(desk.app.desk, desk.actor('mina'), { filter: '', limit: 10 })).items).to.deep.equal([]);
    expect((await listTickets(desk.app.desk, desk.actor('can'), { filter: 'phone', limit: 10 })).items).to.have.length(1);
  });

  it('reopens a waiting ticket when the customer answers and tells the assignee', async () => {
    const { ticket } = await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'Invoice',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Where?' },
      channel: 'portal',
    });
    await editTicket(desk.app.desk, desk.actor('can'), ticket.id, { assigneeId: desk.people.can.id });
    await reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'reply', text: 'On its way.' });
    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).category).to.equal('waiting');

    await reply(desk.app.desk, desk.actor('mina'), ticket.id, { kind: 'reply', text: 'Thank you, it is here.' });
    await desk.settle();

    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).category).to.equal('open');
    expect(await desk.storage.read('notifications').where({ user_id: desk.people.can.id }).orderBy('id').pluck('kind')).to.deep.equal([
      'new-ticket',
      'customer-replied',
    ]);
  });

  it('refuses a stale version and changes nothing', async () => {
    const { ticket } = await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'Invoice',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Where?' },
      channel: 'portal',
    });
    await editTicket(desk.app.desk, desk.actor('can'), ticket.id, { priority: 'high' });

    const code = await editTicket(desk.app.desk, desk.actor('ada'), ticket.id, {
      priority: 'low',
      tags: ['billing'],
      version: ticket.version,
    }).catch((error: { code: string }) => error.code);

    expect(code).to.equal('tickets.stale');
    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).priority).to.equal('high');
    expect(await desk.storage.read('ticket_tags')).to.deep.equal([]);
  });
});
