import type { Clock } from '../kernel/clock.ts';
import { isUniqueViolation, type Storage } from '../storage/index.ts';
import type { JobQueue } from './job-queue.ts';
import type { Lane } from './types.ts';

export interface CronEntry {
  readonly name: string;
  readonly plugin: string | null;
  /** Milliseconds between runs, aligned to the epoch: 3,600,000 runs on each full hour UTC. */
  readonly everyMs: number;
  readonly lane?: Lane;
}

/** Queues recurring jobs once across all processes: the first to write the slot's row wins. */
export class Cron {
  private readonly entries = new Map<string, CronEntry>();
  private readonly storage: Storage;
  private readonly queue: JobQueue;
  private readonly clock: Clock;

  constructor(storage: Storage, queue: JobQueue, clock: Clock) {
    this.storage = storage;
    this.queue = queue;
    this.clock = clock;
  }

  add(entry: CronEntry): () => void {
    this.entries.set(entry.name, entry);
    return () => this.entries.delete(entry.name);
  }

  /** Queues what has become due since the last tick of any process. */
  async tick(): Promise<void> {
    const now = this.clock.now();
    for (const entry of this.entries.values()) {
      const slot = now - (now % entry.everyMs);
      const known = await this.storage.read('cron_runs').where({ name: entry.name, slot }).first();
      if (known === undefined) await this.queueOnce(entry, slot);
    }
  }

  private async queueOnce(entry: CronEntry, slot: number): Promise<void> {
    try {
      await this.storage.writeTx(async (tx) => {
        await tx('cron_runs').insert({ name: entry.name, slot });
        await tx('cron_runs').where({ name: entry.name }).where('slot', '<', slot).delete();
        await this.queue.enqueue(tx, {
          name: entry.name,
          plugin: entry.plugin,
          payload: { slot },
          lane: entry.lane ?? 'normal',
          dedupeKey: `cron:${entry.name}`,
        });
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }
}
