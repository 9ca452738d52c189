import type { Clock } from '../kernel/clock.ts';
import { Conflict } from '../kernel/errors.ts';
import { isUniqueViolation, type Storage, type Tx } from '../storage/index.ts';
import type { Job, Lane, NewJob } from './types.ts';

interface JobRow {
  id: number;
  name: string;
  plugin: string | null;
  lane: Lane;
  order_key: string | null;
  payload: string;
  attempts: number;
  max_attempts: number;
}

export interface Claim {
  readonly owner: string;
  readonly lanes: readonly Lane[];
  /** Only jobs whose code this process has. */
  readonly names: readonly string[];
  /** Plugins that already hold their share of the workers. */
  readonly busyPlugins: readonly string[];
}

export const leaseMs = 60_000;

// A job that waits behind an earlier one of its order key is not `ready`: claiming never walks over a backlog.
const heads = ['ready', 'active'];

// The very words of the index: SQLite takes a partial index only when its condition stands in the query, and walks over all
// jobs that ever ran otherwise.
function unfinished(table: string): string {
  return `${table}.state in ('ready', 'active', 'behind')`;
}

/**
 * One table, one claim statement, on both databases.
 *
 * A job is leased to one worker; a worker that dies loses the lease after a minute and another one
 * runs the job again. Completion is guarded by the lease and the attempt, so a worker that was only
 * slow cannot complete what somebody else has taken over. Handlers run at least once.
 */
export class JobQueue {
  private readonly storage: Storage;
  private readonly clock: Clock;
  private readonly wakers = new Set<() => void>();

  constructor(storage: Storage, clock: Clock) {
    this.storage = storage;
    this.clock = clock;
  }

  /** Queues a job in the caller's transaction; false when an unfinished job with the same dedupe key exists. */
  async enqueue(tx: Tx, job: NewJob): Promise<boolean> {
    const now = this.clock.now();
    const inserted = await tx('jobs')
      .insert({
        name: job.name,
        plugin: job.plugin ?? null,
        lane: job.lane ?? 'normal',
        state: await this.stateOfNew(tx, job),
        payload: JSON.stringify(job.payload),
        run_at: job.runAt ?? now,
        max_attempts: job.maxAttempts ?? 12,
        dedupe_key: job.dedupeKey ?? null,
        concurrency_key: job.concurrencyKey ?? null,
        order_key: job.orderKey ?? null,
        created_at: now,
        updated_at: now,
      })
      .onConflict(tx.raw(`(dedupe_key) where dedupe_key is not null and ${unfinished('jobs')}`))
      .ignore()
      .returning('id');
    tx.afterCommit(() => this.wake());
    return inserted.length > 0;
  }

  /** Calls back whenever this process queued something, so that its workers need not wait for the next poll. */
  onWake(waker: () => void): () => void {
    this.wakers.add(waker);
    return () => this.wakers.delete(waker);
  }

  wake(): void {
    for (const waker of this.wakers) waker();
  }

  /** Takes the next runnable job, or nothing. */
  async claim(claim: Claim): Promise<Job | undefined> {
    if (claim.names.length === 0) return undefined;
    try {
      return await this.storage.writeTx((tx) => this.take(tx, claim));
    } catch (error) {
      // Two workers took jobs of one concurrency key at the same moment, and the index let one pass.
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }

  /** Extends the lease; false when it was lost. */
  async heartbeat(job: Job, owner: string): Promise<boolean> {
    const now = this.clock.now();
    return this.storage.writeTx(
      async (tx) => (await this.held(tx, job, owner).update({ lease_until: now + leaseMs, updated_at: now })) === 1,
    );
  }

  /** @throws Conflict when the lease was lost to another worker. */
  async finish(tx: Tx, job: Job, owner: string): Promise<void> {
    const now = this.clock.now();
    const updated = await this.held(tx, job, owner).update({
      state: 'done',
      lease_owner: null,
      lease_until: null,
      error: null,
      updated_at: now,
      finished_at: now,
    });
    if (updated !== 1) throw new Conflict('jobs.lease-lost', { jobId: job.id });
    await this.promote(tx, job.orderKey);
    tx.afterCommit(() => this.wake());
  }

  /** `finish` in a transaction of its own. */
  async complete(job: Job, owner: string): Promise<void> {
    await this.storage.writeTx((tx) => this.finish(tx, job, owner));
  }

  /** Puts the job back for `delayMs`, or into the dead letters when `isFinal`; with `isFree` the try does not count. */
  async fail(
    job: Job,
    owner: string,
    failure: { error: string; delayMs: number; isFinal: boolean; isFree?: boolean | undefined },
  ): Promise<void> {
    const now = this.clock.now();
    await this.storage.writeTx(async (tx) => {
      await this.held(tx, job, owner).update({
        state: failure.isFinal ? 'dead' : 'ready',
        run_at: now + failure.delayMs,
        ...(failure.isFree === true ? { attempts: Math.max(0, job.attempts - 1) } : {}),
        lease_owner: null,
        lease_until: null,
        error: failure.error.slice(0, 4000),
        updated_at: now,
        finished_at: failure.isFinal ? now : null,
      });
      if (failure.isFinal) await this.promote(tx, job.orderKey);
    });
  }

  /** Lets a waiting job with this dedupe key run now; false when there is none. */
  async hasten(tx: Tx, dedupeKey: string): Promise<boolean> {
    const now = this.clock.now();
    const moved = await tx('jobs')
      .where({ dedupe_key: dedupeKey })
      .whereRaw(unfinished('jobs'))
      .whereIn('state', ['ready', 'behind'])
      .update({ run_at: now, attempts: 0, updated_at: now });
    tx.afterCommit(() => this.wake());
    return moved === 1;
  }

  /** Hands a job back unharmed, as a process does that is asked to stop. */
  async giveBack(job: Job, owner: string): Promise<void> {
    await this.storage.writeTx(async (tx) => {
      await this.held(tx, job, owner).update({
        state: 'ready',
        lease_owner: null,
        lease_until: null,
        attempts: Math.max(0, job.attempts - 1),
        updated_at: this.clock.now(),
      });
    });
  }

  private held(tx: Tx, job: Job, owner: string) {
    return tx('jobs').where({ id: job.id, state: 'active', lease_owner: owner, attempts: job.attempts });
  }

  // The lock on the head makes this and the head's completion follow each other: either the completion
  // sees the new job and promotes it, or the new job sees no head and is ready at once.
  private async stateOfNew(tx: Tx, job: NewJob): Promise<'ready' | 'behind'> {
    if (job.orderKey === undefined) return 'ready';
    const locking = tx('jobs').where({ order_key: job.orderKey }).whereRaw(unfinished('jobs')).whereIn('state', heads).orderBy('id');
    if (this.storage.dialect === 'postgres') void locking.forUpdate();
    return (await locking.select('id')).length === 0 ? 'ready' : 'behind';
  }

  /** Makes the next job of an order key ready, once the one before it is done or given up. */
  private async promote(tx: Tx, orderKey: string | null): Promise<void> {
    if (orderKey === null) return;
    const next = await tx('jobs').where({ order_key: orderKey, state: 'behind' }).whereRaw(unfinished('jobs')).orderBy('id').first('id');
    if (next !== undefined) await tx('jobs').where({ id: next.id }).update({ state: 'ready' });
  }

  private async take(tx: Tx, claim: Claim): Promise<Job | undefined> {
    const now = this.clock.now();
    // A question for each lane: asked together, all that is ready would be sorted for each claim.
    const questions = [
      this.runnable(tx, claim, 'lapsed')
        .whereIn('job.lane', claim.lanes)
        .where({ 'job.state': 'active' })
        .where('job.lease_until', '<', now),
      ...claim.lanes.map((lane) =>
        this.runnable(tx, claim, lane).where({ 'job.lane': lane, 'job.state': 'ready' }).where('job.run_at', '<=', now),
      ),
    ];
    const candidate = tx
      .from(tx.unionAll(questions.map((question) => tx.select('id', 'run_at').from(question))).as('candidate'))
      .orderBy(['run_at', 'id'])
      .limit(1)
      .select('id');
    // Not `in`: PostgreSQL may run that select once a row, and each run locks, and so takes, another job.
    const [row]: JobRow[] = await tx('jobs')
      .where('id', candidate)
      .update({ state: 'active', attempts: tx.raw('attempts + 1'), lease_owner: claim.owner, lease_until: now + leaseMs, updated_at: now })
      .returning(['id', 'name', 'plugin', 'lane', 'order_key', 'payload', 'attempts', 'max_attempts']);
    if (row === undefined) return undefined;
    // The first of each lane was locked until the commit, so whoever looked meanwhile found it taken.
    if (this.storage.dialect === 'postgres' && claim.lanes.length > 1) tx.afterCommit(() => this.wake());
    // Its process died each time, so nobody could count the failure: a crash counts as an attempt.
    if (row.attempts > row.max_attempts) {
      await tx('jobs')
        .where({ id: row.id })
        .update({ state: 'dead', lease_owner: null, lease_until: null, error: 'The process died on each attempt.', finished_at: now });
      await this.promote(tx, row.order_key);
      return this.take(tx, claim);
    }
    return {
      id: row.id,
      name: row.name,
      plugin: row.plugin,
      lane: row.lane,
      orderKey: row.order_key,
      payload: JSON.parse(row.payload),
      attempts: row.attempts,
      maxAttempts: row.max_attempts,
    };
  }

  /** The first job that nothing of its order or concurrency key holds back; whoever asks says of which jobs. */
  private runnable(tx: Tx, { names, busyPlugins }: Claim, alias: string) {
    const jobs = tx('jobs as job')
      .whereIn('job.name', names)
      .whereNotExists(
        (earlier) =>
          void earlier
            .from('jobs as earlier')
            .whereNotNull('job.order_key')
            .whereRaw(`earlier.order_key = job.order_key and earlier.id < job.id and ${unfinished('earlier')}`)
            .whereIn('earlier.state', heads),
      )
      .whereNotExists(
        (other) =>
          void other
            .from('jobs as other')
            .whereNotNull('job.concurrency_key')
            .whereRaw('other.concurrency_key = job.concurrency_key and other.id <> job.id')
            .where('other.state', 'active'),
      )
      .orderBy(['job.run_at', 'job.id'])
      .limit(1)
      .select('job.id', 'job.run_at')
      .as(alias);
    if (busyPlugins.length > 0) void jobs.where((share) => void share.whereNull('job.plugin').orWhereNotIn('job.plugin', busyPlugins));
    if (this.storage.dialect === 'postgres') void jobs.forUpdate('job').skipLocked();
    return jobs;
  }
}
