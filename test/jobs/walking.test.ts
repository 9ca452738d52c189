import { expect } from 'chai';
import { createDatabase, TestClock } from '#core/testing/index.js';
import { JobQueue } from '#core/jobs/index.js';
import type { Storage } from '#core/storage/index.js';

interface Statement {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

describe('the statements of the job queue', () => {
  it('walk neither over jobs that ran already nor over those that wait', async () => {
    const handle = await createDatabase('sqlite');
    const storage = handle.open();
    const statements: Statement[] = [];
    const noting: Storage = {
      ...storage,
      writeTx: (work, options) =>
        storage.writeTx((tx) => {
          tx.on('query', (query: Statement) => statements.push(query));
          return work(tx);
        }, options),
    };
    const queue = new JobQueue(noting, new TestClock());
    const add = (dedupeKey: string): Promise<boolean> =>
      noting.writeTx((tx) => queue.enqueue(tx, { name: 'one', payload: {}, orderKey: 'order', concurrencyKey: 'one', dedupeKey }));

    await add('first');
    await add('second');
    const claim = () => queue.claim({ owner: 'a', lanes: ['interactive', 'normal', 'bulk'], names: ['one'], busyPlugins: [] });
    const job = await claim();
    if (job === undefined) throw new Error('There was nothing to do.');
    await queue.heartbeat(job, 'a');
    await queue.fail(job, 'a', { error: 'Not yet.', delayMs: 0, isFinal: false });
    const again = await claim();
    if (again !== undefined) await queue.complete(again, 'a');
    await noting.writeTx((tx) => queue.hasten(tx, 'second'));

    const walks: string[] = [];
    for (const { sql, bindings } of statements.filter((one) => /^(?:select|update)/.test(one.sql))) {
      const plan: { detail: string }[] = await storage.read.raw(`explain query plan ${sql}`, [...bindings] as never);
      // An OR over two indexes has no order, so all that is ready would be sorted.
      for (const { detail } of plan)
        if (/^SCAN (?:job|jobs|earlier|other)\b|PRIMARY KEY \(rowid[<>]|^MULTI-INDEX OR/.test(detail)) walks.push(`${detail}: ${sql}`);
    }
    await storage.close();
    handle.remove();
    expect(statements.length).to.be.greaterThan(6);
    expect(walks).to.deep.equal([]);
  });
});
