import type { Clock, Timestamp } from '../kernel/clock.ts';

/** A clock that stands still until the test moves it, or that also runs by itself. */
export class TestClock implements Clock {
  private time: Timestamp;
  private readonly startedAt: number | undefined;

  constructor(start: Timestamp = Date.UTC(2026, 0, 5, 9, 0, 0), runs = false) {
    this.time = start;
    this.startedAt = runs ? performance.now() : undefined;
  }

  now(): Timestamp {
    return this.startedAt === undefined ? this.time : this.time + Math.round(performance.now() - this.startedAt);
  }

  /** Moves the clock forward by milliseconds, or back when negative. */
  advance(ms: number): void {
    this.time += ms;
  }
}
