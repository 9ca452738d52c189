import { enterWork, leaveWork, workId } from './vitals.ts';

/** What a place in a plugin is, so that its cost can be shown under the right heading. */
export type WorkKind = 'action' | 'filter' | 'filterSync' | 'decision' | 'durable' | 'slot' | 'route' | 'helper' | 'job' | 'health';

export interface WorkCost {
  readonly kind: WorkKind;
  /** Name of the hook, slot, route, helper or job. */
  readonly name: string;
  readonly calls: number;
  readonly faults: number;
  readonly timeouts: number;
  /** Milliseconds of all calls; an estimate when only some were timed. */
  readonly totalMs: number;
  readonly maxMs: number;
  /** 95 of 100 timed calls took no longer; undefined before the first. */
  readonly p95Ms: number | undefined;
}

export interface GaugeFigures {
  readonly calls: number;
  readonly faults: number;
  readonly timeouts: number;
  readonly timed: number;
  readonly timedMs: number;
  readonly maxMs: number;
  /** Timed calls by the binary logarithm of their microseconds. */
  readonly histogram: readonly number[];
}

const buckets = 32;

/** Counts one place in a plugin: every call, and the time of those that are timed. */
export class Gauge {
  readonly plugin: string;
  readonly kind: WorkKind;
  readonly name: string;
  calls = 0;
  faults = 0;
  timeouts = 0;
  #timed = 0;
  #timedMs = 0;
  #maxMs = 0;
  readonly #histogram = new Uint32Array(buckets);
  readonly #workId: number;

  constructor(plugin: string, kind: WorkKind, name: string) {
    this.plugin = plugin;
    this.kind = kind;
    this.name = name;
    this.#workId = workId(plugin, placeOf(kind, name));
  }

  /** Runs the part of the work that holds the thread, visible to the watchdog. */
  enter<T>(work: () => T): T {
    const before = enterWork(this.#workId);
    try {
      return work();
    } finally {
      leaveWork(before);
    }
  }

  time(ms: number): void {
    this.#timed += 1;
    this.#timedMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
    const bucket = Math.min(buckets - 1, Math.max(0, 31 - Math.clz32(Math.max(1, ms * 1000))));
    this.#histogram[bucket] = (this.#histogram[bucket] ?? 0) + 1;
  }

  figures(): GaugeFigures {
    const { calls, faults, timeouts } = this;
    return { calls, faults, timeouts, timed: this.#timed, timedMs: this.#timedMs, maxMs: this.#maxMs, histogram: [...this.#histogram] };
  }
}

/** How a place is called where people read it: hooks by their name, everything else with its kind. */
export function placeOf(kind: WorkKind, name: string): string {
  return ['durable', 'slot', 'route', 'helper', 'job'].includes(kind) ? `${kind} ${name}` : name;
}

/** The cost of one place over several processes. */
export function costOf(kind: WorkKind, name: string, parts: readonly GaugeFigures[]): WorkCost {
  const sum = (of: (one: GaugeFigures) => number): number => parts.reduce((total, one) => total + of(one), 0);
  const [calls, timed, timedMs] = [sum((one) => one.calls), sum((one) => one.timed), sum((one) => one.timedMs)];
  const histogram = Array.from({ length: buckets }, (_none, bucket) => sum((one) => one.histogram[bucket] ?? 0));
  const maxMs = Math.max(0, ...parts.map((one) => one.maxMs));
  const p95Ms = p95Of(histogram);
  return {
    kind,
    name,
    calls,
    faults: sum((one) => one.faults),
    timeouts: sum((one) => one.timeouts),
    totalMs: timed === 0 ? 0 : (timedMs * Math.max(calls, timed)) / timed,
    maxMs,
    p95Ms: p95Ms === undefined ? undefined : Math.min(maxMs, p95Ms),
  };
}

// Inside a bucket the calls are taken as evenly spread, so the answer is at most twice too high or low.
function p95Of(histogram: readonly number[]): number | undefined {
  const all = histogram.reduce((total, one) => total + one, 0);
  if (all === 0) return undefined;
  let left = all * 0.95;
  for (const [bucket, count] of histogram.entries()) {
    if (left > count) {
      left -= count;
      continue;
    }
    return (2 ** bucket * (1 + left / Math.max(1, count))) / 1000;
  }
  return undefined;
}
