/** Milliseconds since the Unix epoch, UTC. */
export type Timestamp = number;

/** The only source of time in domain code, so that tests control it. */
export interface Clock {
  now(): Timestamp;
}

/** The machine's clock. */
// oxlint-disable-next-line house/clock, eslint/no-restricted-properties -- the one place that reads the real time
export const systemClock: Clock = { now: () => Date.now() };
