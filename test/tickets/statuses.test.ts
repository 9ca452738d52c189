import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { Statuses } from '#core/tickets/index.js';

describe('the statuses that a process remembers', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('are not those that were read while somebody changed them', async () => {
    const statuses = new Statuses(desk.storage);
    const reading = statuses.list();
    statuses.forget();
    const before = await reading;
    const move = (position: number): Promise<unknown> =>
      desk.storage.writeTx((tx) => tx('ticket_statuses').where({ key: 'open' }).update({ position }));
    await move(99);

    const after = await statuses.list();
    // The database is lent to other tests.
    await move(before.find(({ key }) => key === 'open')?.position ?? 0);

    expect(before.at(-1)?.key).to.not.equal('open');
    expect(after.at(-1)?.key).to.equal('open');
  });
});
