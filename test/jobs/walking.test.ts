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
    const job = await queue.claim({ owner: 'a', lanes: ['interactive', 'normal', 'bulk'], names: ['one'], busyPlugins: [] });
    if (job !== undefined) await queue.complete(job, 'a');
    await noting.writeTx((tx) => queue.hasten(tx, 'second'));

    const walks: string[] = [];
    let sorts = 0;
    for (const { sql, bindings } of statements.filter((one) => /^(?:select|update)/.test(one.sql))) {
      const plan: { detail: string }[] = await storage.read.raw(`explain query plan ${sql}`, [...bindings] as never);
      for (const { detail } of plan)
        if (/^SCAN (?:job|jobs|earlier|other)\b|PRIMARY KEY \(rowid[<>]/.test(detail)) walks.push(`${detail}: ${sql}`);
    }
    await storage.close();
    handle.remove();
    expect(statements.length).to.be.greaterThan(6);
    expect(walks).to.deep.equal([]);
    expect(sorts, 'all that is ready, sorted').to.equal(0);
  });
});
