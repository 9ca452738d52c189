import { expect } from 'chai';
import { createTestDesk, until, type TestDesk } from '#core/testing/index.js';
import { reply } from '#core/tickets/index.js';
import { minaWrites } from './support.js';

describe('live topics', () => {
  let desk: TestDesk;
  const streams: AbortController[] = [];
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.abort();
    await desk.close();
  });

  /** Listens as somebody and returns the topics heard so far. */
  async function listen(as: 'can' | 'mina', headers: Readonly<Record<string, string>> = {}, since = ''): Promise<Set<string>> {
    const abort = new AbortController();
    streams.push(abort);
    const response = await desk.fetch(`/events?since=${since}`, { as, signal: abort.signal, headers });
    const heard = new Set<string>();
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? [])
        for (const [, topic = ''] of decoder.decode(chunk).matchAll(/^data: (.+)$/gm)) heard.add(topic);
    })().catch(() => undefined);
    return heard;
  }

  it('tell agents of every ticket and customers only of their own', async () => {
    const own = await minaWrites(desk);
    const foreign = (await desk.storage.read('tickets').max({ n: 'number' }).first())?.n;
    const [can, mina] = [await listen('can'), await listen('mina')];

    await reply(desk.app.desk, desk.actor('can'), own.id, { kind: 'reply', text: 'Hello' });
    const phone = await desk.fetch('/desk/tickets', {
      method: 'POST',
      as: 'can',
      body: new URLSearchParams({ requesterEmail: 'jonas@example.org', subject: 'Call', body: 'He rang.', quiet: '1' }),
    });
    const number = /(\d+)$/.exec(phone.headers.get('Location') ?? '')?.[1];
    await until(() => can.has(`ticket:${number}`) && mina.has(`ticket:${own.number}`));

    expect([...can]).to.include.members([`ticket:${own.number}`, `ticket:${number}`, 'view:counts']);
    expect([...mina]).to.deep.equal([`ticket:${own.number}`]);
    expect(foreign).to.equal(own.number);
  });

  it('reach pages of another process through the event table', async () => {
    const own = await minaWrites(desk);
    const can = await listen('can');

    // Written behind the back of this process, as another one would.
    await desk.storage.writeTx((tx) =>
      tx('events').insert({
        occurred_at: desk.clock.now(),
        name: 'ticket.changed',
        actor_kind: 'system',
        ticket_id: own.id,
        payload: '{}',
      }),
    );
    await until(() => can.has(`ticket:${own.number}`));

    expect([...can]).to.include(`ticket:${own.number}`);
  });

  for (const when of ['before', 'while'] as const)
    it(`tell of a change that another process began earlier and committed later: one was seen ${when} somebody listens`, async () => {
      const [first, second] = [await minaWrites(desk), await minaWrites(desk)];
      const { storage, clock } = desk;
      const newest = Number((await storage.read('events').max({ id: 'id' }).first())?.id);
      const write = (id: number, ticketId: number): Promise<unknown> =>
        storage.writeTx((tx) =>
          tx('events').insert({
            id,
            occurred_at: clock.now(),
            name: 'ticket.changed',
            actor_kind: 'system',
            ticket_id: ticketId,
            payload: '{}',
          }),
        );
      if (when === 'before') await write(newest + 100, first.id);
      const can = await listen('can');

      if (when === 'while') await write(newest + 100, first.id);
      if (when === 'while') await until(() => can.has(`ticket:${first.number}`));
      await write(newest + 99, second.id);
      await until(() => can.has(`ticket:${second.number}`));
    });

  it('make up for what a page missed while it was away', async () => {
    const own = await minaWrites(desk);

    const can = await listen('can', { 'Last-Event-ID': '1' });
    await until(() => can.has(`ticket:${own.number}`));

    expect([...can]).to.include(`ticket:${own.number}`);
  });

  it('begin after what the page shows', async () => {
    const own = await minaWrites(desk);
    const page = await (await desk.fetch('/desk/inbox/open', { as: 'can' })).text();
    await reply(desk.app.desk, desk.actor('ada'), own.id, { kind: 'reply', text: 'Hello' });

    const can = await listen('can', {}, /data-since="(\d+)"/.exec(page)?.[1]);
    await until(() => can.has(`ticket:${own.number}`));

    expect([...can]).to.include.members([`ticket:${own.number}`, 'view:counts', `user:${desk.people.can.id}`]);
  });

  it('say who looks at a ticket, to agents only', async () => {
    const own = await minaWrites(desk);
    const [can, mina] = [await listen('can'), await listen('mina')];

    await desk.fetch(`/desk/tickets/${own.number}/presence`, {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({ doing: 'replying' }),
    });
    await until(() => can.has(`presence:${own.number}`));

    expect([...can]).to.include(`presence:${own.number}`);
    expect([...mina]).to.deep.equal([]);
    expect(await (await desk.fetch(`/desk/tickets/${own.number}`, { as: 'can' })).text()).to.include('is replying');
    desk.clock.advance(40_000);
    expect(await (await desk.fetch(`/desk/tickets/${own.number}`, { as: 'can' })).text()).to.not.include('is replying');
  });

  it('send strangers away for good', async () => {
    expect((await desk.fetch('/events')).status).to.equal(204);
  });
});
