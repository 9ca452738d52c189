export type HookKind = 'action' | 'filter' | 'filterSync' | 'decision';

/** How one handler wants to be run. */
export interface HandlerOptions {
  /** Lower runs first; 10 unless said otherwise. */
  readonly priority?: number;
  /** Ids of plugins whose handlers this one precedes; absent plugins are ignored. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Shown in the profiler. */
  readonly label?: string;
  /** Milliseconds; 5000 for actions, 2000 for filters and decisions. */
  readonly deadlineMs?: number;
  /** A filter or decision that fails stops the caller with `hooks.critical-failed` instead of being left out. */
  readonly critical?: boolean;
}

/** Undoes a registration; doing it twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/** A plugin broke a rule and the desk went on without it. */
export interface Fault {
  readonly plugin: string;
  readonly hook: string;
  /** `late`: a handler settled after its deadline, when `timeout` was already reported. */
  readonly kind: 'throw' | 'timeout' | 'bad-return' | 'recursion' | 'late';
  readonly error: unknown;
}

export type FaultSink = (fault: Fault) => void;

export interface HandlerStats {
  readonly calls: number;
  readonly faults: number;
  readonly timeouts: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** 95 of 100 timed calls took no longer. */
  readonly p95Ms: number | undefined;
}

export interface HandlerReport extends HandlerStats {
  readonly plugin: string;
  readonly priority: number;
  readonly label: string | undefined;
  /** Left out for a minute because it kept failing. */
  readonly isSkipped: boolean;
}

// A method, so that handlers of any typed hook can be held; the typed surface is HookBus.
export interface Handler {
  run(first: unknown, second: unknown): unknown;
}
