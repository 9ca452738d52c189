import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { editTicket, prepareReply } from '#core/tickets/index.js';

const code = (error: { code: string }): string => error.code;

describe('a ticket that several change at once', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const open = async (subject: string) =>
    (
      await desk
        .as('mina')
        .open({ subject, requester: { userId: desk.people.mina.id }, message: { text: 'The belt is torn.' }, channel: 'portal' })
    ).ticket;

  it('counts every message', async () => {
    const { id } = await open('Conveyor');
    await Promise.all(Array.from({ length: 8 }, (_none, n) => desk.as('can').reply(id, { kind: 'note', text: `Note ${n}` })));

    expect(await desk.storage.read('tickets').where({ id }).first('message_count')).to.deep.equal({ message_count: 9 });
  });

  it('takes one of two changes that saw the same version', async () => {
    const { id, version } = await open('Conveyor');
    const change = (subject: string) => editTicket(desk.app.desk, desk.actor('can'), id, { subject, version }).then(() => 'done', code);

    expect((await Promise.all([change('One'), change('Two')])).toSorted()).to.deep.equal(['done', 'tickets.stale']);
  });

  it('takes one of two replies that saw the same last message', async () => {
    const { id, lastMessageId } = await open('Conveyor');
    const reply = (text: string) =>
      desk
        .as('can')
        .reply(id, { kind: 'reply', text, lastSeenMessageId: lastMessageId ?? 0 })
        .then(() => 'done', code);

    expect((await Promise.all([reply('Yes.'), reply('No.')])).toSorted()).to.deep.equal(['done', 'tickets.newer-message']);
  });

  it('keeps a message out of a ticket that was merged meanwhile, so that it is filed again where it belongs', async () => {
    const [from, into] = [await open('Conveyor'), await open('Belt')];
    const replying = await prepareReply(desk.app.desk, desk.actor('mina'), from.id, { kind: 'reply', text: 'Hello?' });
    await desk.as('can').merge(from.id, into.id);

    expect(await desk.storage.writeTx((tx) => replying.commit(tx)).catch(code)).to.equal('tickets.stale');
    expect(await desk.storage.read('messages').where({ ticket_id: from.id })).to.deep.equal([]);
  });
});
