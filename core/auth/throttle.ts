import type { Clock } from '../kernel/clock.ts';
import { TooMany } from '../kernel/errors.ts';
import type { Storage } from '../storage/index.ts';

export interface Limit {
  readonly hits: number;
  readonly windowMs: number;
}

/** Limits that hold over all processes, since they are counted in the database. */
export class Throttle {
  private readonly storage: Storage;
  private readonly clock: Clock;

  constructor(storage: Storage, clock: Clock) {
    this.storage = storage;
    this.clock = clock;
  }

  /**
   * Counts one hit.
   *
   * @throws TooMany with `retryAfter` in seconds when the window's hits are used up.
   */
  async hit(key: string, limit: Limit): Promise<void> {
    const now = this.clock.now();
    const resetAt = await this.storage.writeTx(async (tx) => {
      await tx('throttles').where('reset_at', '<=', now).delete();
      const [row]: { hits: number; reset_at: number }[] = await tx('throttles')
        .insert({ key, hits: 1, reset_at: now + limit.windowMs })
        .onConflict('key')
        .merge({ hits: tx.raw('throttles.hits + 1') })
        .returning(['hits', 'reset_at']);
      return row !== undefined && row.hits > limit.hits ? row.reset_at : undefined;
    });
    if (resetAt !== undefined) throw new TooMany('auth.too-many-tries', { retryAfter: Math.ceil((resetAt - now) / 1000) });
  }

  /** Forgets the hits, as after a success. */
  async clear(key: string): Promise<void> {
    await this.storage.writeTx((tx) => tx('throttles').where({ key }).delete());
  }
}
