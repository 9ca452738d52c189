import type { Clock, Timestamp } from '../kernel/clock.ts';

/** A clock that stands still until the test moves it. */
export class TestClock implements Clock {
  private time: Timestamp;

  constructor(start: Timestamp = Date.UTC(2026, 0, 5, 9, 0, 0)) {
    this.time = start;
  }

  now(): Timestamp {
    return this.time;
  }

  /** Moves the clock forward by milliseconds, or back when negative. */
  advance(ms: number): void {
    this.time += ms;
  }
}
