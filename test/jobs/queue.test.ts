import { expect } from 'chai';
import { createDatabase, TestClock, type DatabaseHandle } from '#core/testing/index.js';
import {
  backoff,
  Hopeless,
  JobQueue,
  JobRegistry,
  leaseMs,
  retryJobs,
  Worker,
  type JobRun,
  type Lane,
  type NewJob,
} from '#core/jobs/index.js';
import { createLogger } from '#core/log.js';
import { openStorage, type Storage } from '#core/storage/index.js';

describe('the job queue', () => {
  let handle: DatabaseHandle;
  let storage: Storage;
  let clock: TestClock;
  let queue: JobQueue;
  const all: readonly Lane[] = ['interactive', 'normal', 'bulk'];
  const silent = createLogger('silent', new TestClock(), () => undefined);
  const add = (job: Partial<NewJob> & { name: string }): Promise<boolean> =>
    storage.writeTx((tx) => queue.enqueue(tx, { payload: {}, ...job }));
  const claim = (owner = 'a', more: { lanes?: readonly Lane[]; names?: readonly string[]; busyPlugins?: readonly string[] } = {}) =>
    queue.claim({ owner, lanes: all, names: ['one', 'two'], busyPlugins: [], ...more });

  beforeEach(async () => {
    handle = await createDatabase();
    storage = handle.open();
    clock = new TestClock();
    queue = new JobQueue(storage, clock);
  });
  afterEach(async () => {
    await storage.close();
    handle.remove();
  });

  it('gives each job to one worker only, however many ask at once', async () => {
    for (let index = 0; index < 20; index += 1) await add({ name: 'one', payload: { index } });

    const claimed = await Promise.all(Array.from({ length: 30 }, (_, index) => claim(`worker ${index}`)));

    const ids = claimed.flatMap((job) => (job === undefined ? [] : [job.id]));
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids.length).to.be.greaterThan(0);
  });

  it('takes one job a claim, whatever plan PostgreSQL chooses', async () => {
    for (let index = 0; index < 5; index += 1) await add({ name: 'one', payload: { index } });
    const planned = handle.url === undefined ? handle.open() : openStorage({ url: withNestedLoops(handle.url), log: silent });
    try {
      const job = await new JobQueue(planned, clock).claim({ owner: 'a', lanes: all, names: ['one'], busyPlugins: [] });

      expect(job?.payload).to.deep.equal({ index: 0 });
      expect(await storage.read('jobs').where({ state: 'active' }).pluck('id')).to.deep.equal([job?.id]);
    } finally {
      await planned.close();
    }
  });

  it('writes the job with the transaction or not at all', async () => {
    await storage
      .writeTx(async (tx) => {
        await queue.enqueue(tx, { name: 'one', payload: {} });
        throw new Error('undone');
      })
      .catch(() => undefined);

    expect(await claim()).to.equal(undefined);
  });

  it('leaves jobs alone whose code is absent, and jobs of the future', async () => {
    await add({ name: 'unknown' });
    await add({ name: 'one', runAt: clock.now() + 1000 });

    expect(await claim()).to.equal(undefined);
    clock.advance(1000);
    expect((await claim())?.name).to.equal('one');
  });

  it('hands a job on when its lease has lapsed, and refuses the slow worker then', async () => {
    await add({ name: 'one' });
    const slow = await claim('slow');
    clock.advance(leaseMs + 1);
    const taken = await claim('quick');

    expect(taken?.id).to.equal(slow?.id);
    expect(taken?.attempts).to.equal(2);
    if (slow === undefined || taken === undefined) throw new Error('Nothing was claimed.');
    expect(await queue.complete(slow, 'slow').catch((error: { code: string }) => error.code)).to.equal('jobs.lease-lost');
    await queue.complete(taken, 'quick');
  });

  it('keeps a lease alive by heartbeat', async () => {
    await add({ name: 'one' });
    const job = await claim('a');
    if (job === undefined) throw new Error('Nothing was claimed.');
    clock.advance(leaseMs - 1);
    expect(await queue.heartbeat(job, 'a')).to.equal(true);
    clock.advance(leaseMs - 1);

    expect(await claim('b')).to.equal(undefined);
  });

  it('drops a second job with the dedupe key of an unfinished one', async () => {
    expect(await add({ name: 'one', dedupeKey: 'k' })).to.equal(true);
    expect(await add({ name: 'one', dedupeKey: 'k' })).to.equal(false);
    const job = await claim();
    expect(await add({ name: 'one', dedupeKey: 'k' })).to.equal(false);
    if (job !== undefined) await queue.complete(job, 'a');

    expect(await add({ name: 'one', dedupeKey: 'k' })).to.equal(true);
  });

  it('runs one job of a concurrency key at a time', async () => {
    await add({ name: 'one', concurrencyKey: 'smtp:1' });
    await add({ name: 'two', concurrencyKey: 'smtp:1' });
    await add({ name: 'two', concurrencyKey: 'smtp:2' });

    const claimed = await Promise.all([claim('a'), claim('b'), claim('c'), claim('d')]);
    const more = [...claimed, await claim('e')];
    const running = more.flatMap((job) => (job === undefined ? [] : [job.id]));

    expect(running.length).to.equal(2);
    const active: string[] = await storage.read('jobs').where({ state: 'active' }).pluck('concurrency_key');
    expect(active.toSorted()).to.deep.equal(['smtp:1', 'smtp:2']);
  });

  it('keeps the order of an order key, and a failing head blocks only its own', async () => {
    await add({ name: 'one', orderKey: 'notify:7', payload: { step: 1 } });
    await add({ name: 'one', orderKey: 'notify:7', payload: { step: 2 } });
    await add({ name: 'one', orderKey: 'notify:8', payload: { step: 3 } });
    const head = await claim();
    if (head === undefined) throw new Error('Nothing was claimed.');
    await queue.fail(head, 'a', { error: 'no', delayMs: 60_000, isFinal: false });

    const next = await claim();

    expect(next?.payload).to.deep.equal({ step: 3 });
    expect(await claim()).to.equal(undefined);
  });

  it('goes on with an order key whose head was given up, and claims quickly beside a long backlog', async () => {
    await storage.writeTx(async (tx) => {
      for (let index = 0; index < 300; index += 1) await queue.enqueue(tx, { name: 'one', payload: { index }, orderKey: 'mailbox:1' });
    });
    const head = await claim();
    if (head === undefined) throw new Error('Nothing was claimed.');
    expect(await storage.read('jobs').where({ state: 'ready' })).to.deep.equal([]);
    await queue.fail(head, 'a', { error: 'never', delayMs: 0, isFinal: true });

    for (let index = 1; index < 4; index += 1) {
      const next = await claim();
      expect(next?.payload).to.deep.equal({ index });
      if (next !== undefined) await queue.complete(next, 'a');
    }
  });

  it('lets no job of an order key be forgotten while others finish and more are queued', async () => {
    const done: number[] = [];
    let queued = 0;
    const producer = async (): Promise<void> => {
      for (; queued < 40;) await add({ name: 'one', orderKey: 'k', payload: { index: queued++ } });
    };
    const consumer = async (): Promise<void> => {
      for (let idle = 0; idle < 200 && done.length < 40;) {
        const job = await claim('w');
        if (job === undefined) {
          idle += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
          continue;
        }
        done.push(Number(job.payload['index']));
        await queue.complete(job, 'w');
      }
    };

    await Promise.all([producer(), consumer(), consumer()]);

    expect(done).to.have.length(40);
  });

  it('takes interactive work from its own lane while 1,000 imports wait', async () => {
    await storage.writeTx(async (tx) => {
      for (let index = 0; index < 1000; index += 1) await queue.enqueue(tx, { name: 'one', payload: {}, lane: 'bulk' });
      await queue.enqueue(tx, { name: 'two', payload: {}, lane: 'interactive' });
    });

    expect((await claim('a', { lanes: ['interactive'] }))?.name).to.equal('two');
  });

  it('passes over plugins that hold their share', async () => {
    await add({ name: 'one', plugin: 'greedy' });
    await add({ name: 'two' });

    expect((await claim('a', { busyPlugins: ['greedy'] }))?.name).to.equal('two');
    expect(await claim('a', { busyPlugins: ['greedy'] })).to.equal(undefined);
  });

  describe('with a worker', () => {
    const work = async (run: (job: JobRun) => Promise<void>): Promise<Worker> => {
      const registry = new JobRegistry();
      registry.define({ name: 'one', plugin: null, run });
      return new Worker(queue, registry, silent, { owner: 'w' });
    };

    it('tries again with growing pauses and then keeps the job among the dead', async () => {
      await add({ name: 'one', maxAttempts: 3 });
      const worker = await work(async () => {
        throw new Error('boom');
      });

      for (let index = 0; index < 5; index += 1) {
        await worker.drain();
        clock.advance(3_700_000);
      }

      expect(await storage.read('jobs').select('state', 'attempts')).to.deep.equal([{ state: 'dead', attempts: 3 }]);
      expect((await storage.read('jobs').first('error')).error).to.contain('boom');
      expect(await retryJobs(storage, queue, clock)).to.equal(1);
      expect((await storage.read('jobs').first('state')).state).to.equal('ready');
    });

    it('gives up at once on a hopeless job', async () => {
      await add({ name: 'one' });
      const worker = await work(async () => {
        throw new Hopeless('never');
      });

      await worker.drain();

      expect((await storage.read('jobs').first('state')).state).to.equal('dead');
    });

    it('commits effect and completion together', async () => {
      await add({ name: 'one' });
      const worker = await work(async (job) => {
        await storage.writeTx(async (tx) => {
          await tx('settings').insert({ owner: 'test', key: 'effect', value: '1', created_at: 1, updated_at: 1 });
          await job.finish(tx);
          throw new Error('undone');
        });
      });

      await worker.drain();

      expect(await storage.read('settings')).to.deep.equal([]);
      expect((await storage.read('jobs').first('state')).state).to.equal('ready');
    });
  });

  it('backs off from two seconds to an hour', () => {
    expect(backoff(1, () => 0.5)).to.equal(2000);
    expect(backoff(5, () => 0.5)).to.equal(32_000);
    expect(backoff(30, () => 0.5)).to.equal(3_600_000);
  });
});

/** A nested loop runs its inner side anew for each outer row. */
function withNestedLoops(url: string): string {
  const planned = new URL(url);
  const others = ['hashjoin', 'mergejoin', 'hashagg', 'sort', 'material', 'indexscan', 'bitmapscan'];
  planned.searchParams.set('options', others.map((name) => `-c enable_${name}=off`).join(' '));
  return planned.href;
}
