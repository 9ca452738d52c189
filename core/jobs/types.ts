import type { Timestamp } from '../kernel/clock.ts';
import type { Tx } from '../storage/index.ts';

export type Lane = 'interactive' | 'normal' | 'bulk';

export interface NewJob {
  readonly name: string;
  readonly plugin?: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Default `normal`. Interactive is for what a person waits for, bulk for imports and rebuilds. */
  readonly lane?: Lane;
  readonly runAt?: Timestamp;
  /** A second job with the same key is dropped while the first is unfinished. */
  readonly dedupeKey?: string;
  /** At most one job with this key runs at a time. */
  readonly concurrencyKey?: string;
  /** Jobs with this key run strictly one after the other, in the order they were queued. */
  readonly orderKey?: string;
  /** Default 12: with the backoff below about a day and a half. */
  readonly maxAttempts?: number;
}

export interface Job {
  readonly id: number;
  readonly name: string;
  readonly plugin: string | null;
  readonly lane: Lane;
  readonly orderKey: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: number;
  readonly maxAttempts: number;
}

export interface JobRun extends Job {
  readonly signal: AbortSignal;
  /** Marks the job done inside the caller's transaction, so that effect and completion commit together. Throws `Conflict` when the lease was lost. */
  finish(tx: Tx): Promise<void>;
}

export type JobHandler = (job: JobRun) => Promise<void>;

export interface JobDefinition {
  readonly name: string;
  readonly plugin: string | null;
  readonly run: JobHandler;
  /** Milliseconds; default 5 minutes. The handler's signal is aborted then. */
  readonly timeoutMs?: number;
}

/** Thrown by a handler when trying again cannot help: the job goes to the dead letters at once. */
export class Hopeless extends Error {}

/** Thrown by a handler that wants to be tried again no earlier than after this many milliseconds. */
export class TryLater extends Error {
  readonly delayMs: number;
  /** With `isFree` the try does not count: the handler itself knows when it has tried long enough. */
  readonly isFree: boolean;

  constructor(message: string, delayMs: number, options?: { readonly cause?: unknown; readonly isFree?: boolean }) {
    super(message, options);
    this.delayMs = delayMs;
    this.isFree = options?.isFree ?? false;
  }
}
