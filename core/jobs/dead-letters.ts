import type { Clock } from '../kernel/clock.ts';
import type { Reader, Storage } from '../storage/index.ts';
import type { JobQueue } from './job-queue.ts';

export interface JobSummary {
  readonly id: number;
  readonly name: string;
  readonly plugin: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly runAt: number;
}

/** Jobs by state, newest first, at most `limit`. */
export async function listJobs(reader: Reader, state: 'ready' | 'active' | 'dead', limit = 100): Promise<readonly JobSummary[]> {
  const rows = await reader('jobs')
    .whereIn('state', state === 'ready' ? ['ready', 'behind'] : [state])
    .orderBy('id', 'desc')
    .limit(limit)
    .select('id', 'name', 'plugin', 'state', 'attempts', 'error', 'run_at');
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    plugin: row.plugin,
    state: row.state,
    attempts: row.attempts,
    error: row.error,
    runAt: row.run_at,
  }));
}

/** How many unfinished and dead jobs there are, and since when the oldest runnable one waits. */
export async function queueDepth(reader: Reader): Promise<{ ready: number; active: number; dead: number; oldestReadyAt: number | null }> {
  const rows = await reader('jobs')
    .whereIn('state', ['ready', 'behind', 'active', 'dead'])
    .groupBy('state')
    .select('state', reader.raw('count(*) as n'), reader.raw('min(run_at) as oldest'));
  const of = (state: string): number => Number(rows.find((row) => row.state === state)?.n ?? 0);
  return {
    ready: of('ready') + of('behind'),
    active: of('active'),
    dead: of('dead'),
    oldestReadyAt: rows.find((row) => row.state === 'ready')?.oldest ?? null,
  };
}

/** Gives dead jobs a new set of attempts; without an id all of them. Returns how many. */
export async function retryJobs(storage: Storage, queue: JobQueue, clock: Clock, id?: number): Promise<number> {
  return storage.writeTx(async (tx) => {
    const now = clock.now();
    const dead = tx('jobs').where({ state: 'dead' });
    if (id !== undefined) void dead.where({ id });
    const count = await dead.update({ state: 'ready', attempts: 0, run_at: now, updated_at: now, finished_at: null });
    tx.afterCommit(() => queue.wake());
    return count;
  });
}

/** Finished jobs are kept for a week, for the health page. */
export async function sweepJobs(storage: Storage, clock: Clock): Promise<number> {
  return storage.writeTx((tx) =>
    tx('jobs')
      .where({ state: 'done' })
      .where('finished_at', '<', clock.now() - 7 * 86_400_000)
      .delete(),
  );
}
