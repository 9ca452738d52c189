import { expect } from 'chai';
import { splitMessage } from '#core/tickets/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

describe('splitting a message off a ticket', () => {
  let desk: TestDesk;
  let first: { readonly id: number; readonly number: number };
  beforeEach(async () => {
    desk = await createTestDesk();
    const opened = await desk
      .as('mina')
      .open({ subject: 'Printer', requester: { userId: desk.people.mina.id }, message: { text: 'It burns' }, channel: 'web' });
    first = opened.ticket;
  });
  afterEach(() => desk.close());
  const refusal = (messageId: number, intoId?: number) =>
    splitMessage(desk.app.desk, desk.actor('can'), messageId, { intoId }).catch((error: { code?: string }) => error.code);

  it('takes it with its files and its place in the search, links both tickets, and answers nobody', async () => {
    const fileId = await desk.as('mina').upload({ name: 'a.txt', contentType: 'text/plain', content: Buffer.from('x') });
    const message = await desk.as('mina').reply(first.id, { kind: 'reply', text: 'And the scanner hums', attachments: [{ fileId }] });
    await desk.settle();
    const queued = await desk.storage.read('outbox').count('* as n');

    const ticket = await splitMessage(desk.app.desk, desk.actor('can'), message.id, { subject: 'Scanner' });
    await desk.settle();

    expect(ticket).to.include({
      subject: 'Scanner',
      messageCount: 1,
      lastMessageId: message.id,
      requesterId: desk.people.mina.id,
      category: 'open',
    });
    expect(await desk.storage.read('tickets').where({ id: first.id }).first()).to.include({ message_count: 1, preview: 'It burns' });
    expect(await desk.storage.read('search_documents').where({ kind: 'message', ref: message.id }).pluck('ticket_id')).to.deep.equal([
      ticket.id,
    ]);
    expect(await desk.storage.read('ticket_links').select('ticket_id', 'other_id')).to.deep.equal([
      { ticket_id: first.id, other_id: ticket.id },
    ]);
    expect((await desk.fetch(`/files/${fileId}`, { as: 'mina', redirect: 'follow' })).status).to.equal(200);
    expect(await desk.storage.read('outbox').count('* as n')).to.deep.equal(queued);
    expect(await desk.violations()).to.deep.equal([]);
    expect(await (await desk.fetch(`/desk/tickets/${first.number}`, { as: 'can' })).text()).to.contain('moved a message to another ticket');
  });

  it('refuses what would leave a ticket empty, what the desk wrote, and people without the right', async () => {
    const [only] = await desk.storage.read('messages').pluck('id');
    const answer = await desk.as('can').reply(first.id, { kind: 'reply', text: 'Is it out?' });

    expect(await refusal(only)).to.equal('tickets.split-only');
    expect(await refusal(answer.id)).to.equal('tickets.split-kind');
    expect(await refusal(only, first.id)).to.equal('tickets.split-self');
    expect(await splitMessage(desk.app.desk, desk.actor('mina'), only).catch(({ code }) => code)).to.equal('auth.forbidden');
  });
});
