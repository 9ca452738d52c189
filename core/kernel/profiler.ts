import { currentScope, type Scope } from './scope.ts';
import { Gauge, type GaugeFigures, type WorkKind } from './gauge.ts';

/** What one request cost, gathered while it runs. */
export interface RequestMeter {
  /** Handlers are timed in some requests only: a look at the clock costs as much as a small handler. */
  readonly isTimed: boolean;
  queries: number;
  queryMs: number;
  renderMs: number;
  /** Milliseconds by plugin, waiting included. */
  readonly plugins: Map<string, number>;
}

export interface SqlFigures {
  readonly queries: number;
  readonly ms: number;
}

export interface PluginFigures {
  readonly plugin: string;
  readonly sql: SqlFigures;
  /** Milliseconds in timed requests. */
  readonly pageMs: number;
  readonly works: readonly (GaugeFigures & { readonly kind: WorkKind; readonly name: string })[];
}

export interface PageFigures {
  readonly pages: number;
  readonly ms: number;
}

const sampled = 8;

/** What the plugins of this process cost: calls always, times of one in eight, everything while developing. */
export class Profiler {
  readonly #timesAll: boolean;
  readonly #gauges = new Map<string, Map<string, Gauge>>();
  readonly #sql = new Map<string, { queries: number; ms: number }>();
  readonly #pageMs = new Map<string, number>();
  #pages = { pages: 0, ms: 0 };
  #requests = 0;

  constructor({ timesAll = false }: { readonly timesAll?: boolean } = {}) {
    this.#timesAll = timesAll;
  }

  gauge(plugin: string, kind: WorkKind, name: string): Gauge {
    const ofPlugin = this.#gauges.get(plugin) ?? new Map<string, Gauge>();
    this.#gauges.set(plugin, ofPlugin);
    const key = `${kind} ${name}`;
    const gauge = ofPlugin.get(key) ?? new Gauge(plugin, kind, name);
    ofPlugin.set(key, gauge);
    return gauge;
  }

  /** Counts a call; returns when it began if this one is timed, else 0. */
  begin(gauge: Gauge, { meter }: Scope): number {
    const isTimed = this.#timesAll || (meter === undefined ? gauge.calls % sampled === 0 : meter.isTimed);
    gauge.calls += 1;
    return isTimed ? performance.now() : 0;
  }

  end(gauge: Gauge, beganAt: number, { meter }: Scope): void {
    if (beganAt === 0) return;
    const ms = performance.now() - beganAt;
    gauge.time(ms);
    if (meter?.isTimed === true) meter.plugins.set(gauge.plugin, (meter.plugins.get(gauge.plugin) ?? 0) + ms);
  }

  /** Counts, times and marks a piece of work that is no hook handler. */
  run<T>(gauge: Gauge, work: () => T): T {
    const scope = currentScope();
    const beganAt = this.begin(gauge, scope);
    let isPending = false;
    try {
      const answer = gauge.enter(work);
      if (!(answer instanceof Promise)) return answer;
      isPending = true;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a promise of the same value
      return answer.finally(() => this.end(gauge, beganAt, scope)) as T;
    } finally {
      if (!isPending) this.end(gauge, beganAt, scope);
    }
  }

  /** A meter for a new request; `isWatched` times this one in any case. */
  meter(isWatched: boolean): RequestMeter {
    this.#requests += 1;
    const isTimed = this.#timesAll || isWatched || this.#requests % sampled === 1;
    return { isTimed, queries: 0, queryMs: 0, renderMs: 0, plugins: new Map() };
  }

  endRequest(meter: RequestMeter, ms: number): void {
    if (!meter.isTimed) return;
    this.#pages = { pages: this.#pages.pages + 1, ms: this.#pages.ms + ms };
    for (const [plugin, spent] of meter.plugins) this.#pageMs.set(plugin, (this.#pageMs.get(plugin) ?? 0) + spent);
  }

  /** A query ended that was sent from `scope`. */
  query({ plugin, meter }: Scope, ms: number): void {
    if (meter !== undefined) {
      meter.queries += 1;
      meter.queryMs += ms;
    }
    if (plugin === undefined) return;
    const sql = this.#sql.get(plugin) ?? { queries: 0, ms: 0 };
    sql.queries += 1;
    sql.ms += ms;
    this.#sql.set(plugin, sql);
  }

  get pages(): PageFigures {
    return this.#pages;
  }

  plugins(): readonly PluginFigures[] {
    const ids = new Set([...this.#gauges.keys(), ...this.#sql.keys()]);
    ids.delete('core');
    return [...ids].toSorted().map((plugin) => ({
      plugin,
      sql: this.#sql.get(plugin) ?? { queries: 0, ms: 0 },
      pageMs: this.#pageMs.get(plugin) ?? 0,
      works: [...(this.#gauges.get(plugin)?.values() ?? [])].map((gauge) => ({ kind: gauge.kind, name: gauge.name, ...gauge.figures() })),
    }));
  }
}
