import { expect } from 'chai';
import { settledEventsAfter } from '#core/events/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

describe('reading the stream of events', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const open = async (subject: string) =>
    (await desk.as('mina').open({ subject, requester: { userId: desk.people.mina.id }, message: { text: 'Hello' }, channel: 'portal' }))
      .ticket;
  const read = async (after: number) =>
    (await settledEventsAfter(desk.storage.read, { after, limit: 100, now: desk.clock.now() })).map(
      ({ ticketId, name }) => `${name} ${ticketId}`,
    );
  const noted = (ticketId: number) => ({ actor: desk.actor('can'), ticketId, payload: { ticketId, messageId: 1, mentioned: [] } });
  const newest = async (): Promise<number> => Number((await desk.storage.read('events').max({ id: 'id' }).first())?.['id']);

  it('goes on after the event that was read last', async () => {
    const first = await open('One');
    const after = await newest();
    const second = await open('Two');

    expect(await read(after)).to.deep.equal([`ticket.opened ${second.id}`]);
    expect(await read(0)).to.include(`ticket.opened ${first.id}`);
  });

  // SQLite has one writer, so its ids are in the order of the commits.
  if (process.env['HELPDESK_TEST_DATABASE'] === 'postgres') {
    it('does not pass by an event whose transaction is still open', async () => {
      const ticket = await open('One');
      const after = await newest();
      let commit: () => void = () => undefined;
      let recorded: () => void = () => undefined;
      const isRecorded = new Promise<void>((resolve) => (recorded = resolve));
      const slow = desk.storage.writeTx(async (tx) => {
        await desk.app.desk.events.record(tx, 'ticket.noted', noted(ticket.id));
        recorded();
        await new Promise<void>((resolve) => (commit = resolve));
      });
      await isRecorded;
      const later = await open('Two');

      expect(await read(after)).to.deep.equal([]);
      commit();
      await slow;
      expect(await read(after)).to.deep.equal([`ticket.noted ${ticket.id}`, `ticket.opened ${later.id}`]);
    });

    it('passes an id that was given out in vain, once nothing can bring it back', async () => {
      const ticket = await open('One');
      const after = await newest();
      await desk.storage
        .writeTx(async (tx) => {
          await desk.app.desk.events.record(tx, 'ticket.noted', noted(ticket.id));
          throw new Error('changed my mind');
        })
        .catch(() => undefined);
      const { id } = await open('Two');

      expect(await read(after)).to.deep.equal([]);
      desk.clock.advance(60_000);
      expect(await read(after)).to.deep.equal([`ticket.opened ${id}`]);
    });
  }
});
