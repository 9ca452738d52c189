import { CircuitBreaker } from './circuit-breaker.ts';
import { systemClock, type Clock } from './clock.ts';
import { placeOf, type Gauge, type WorkKind } from './gauge.ts';
import type { PluginFault } from './process-fault.ts';
import { Profiler } from './profiler.ts';
import { runAsPlugin } from './scope.ts';

export interface OversightPorts {
  // A method, so that a sink that knows only faults of handlers fits where only those can happen.
  onFault(fault: PluginFault): void;
  readonly clock?: Clock;
  /** See `CircuitBreaker`. */
  readonly onExhausted?: (plugin: string, hook: string) => void;
  readonly timesAll?: boolean;
}

/** Who watches the plugins of one process: what they cost, what they break, and what is skipped for that. */
export class Oversight {
  readonly profiler: Profiler;
  readonly breaker: CircuitBreaker;
  readonly onFault: (fault: PluginFault) => void;
  /** Milliseconds that a part of a page may load, where its slot says nothing. */
  slotDeadlineMs = 300;

  constructor({ onFault, clock = systemClock, onExhausted, timesAll = false }: OversightPorts) {
    this.onFault = onFault;
    this.profiler = new Profiler({ timesAll });
    this.breaker = new CircuitBreaker({ clock, ...(onExhausted !== undefined && { onExhausted }) });
  }

  /** Reports a fault and counts it against the place where it happened. */
  fault(fault: PluginFault): void {
    if (fault.kind !== 'late') this.breaker.count(fault.plugin, fault.hook, this.breaker.circuit(fault.plugin, fault.hook));
    this.onFault(fault);
  }

  gauge(plugin: string, kind: WorkKind, name: string): Gauge {
    return this.profiler.gauge(plugin, kind, name);
  }

  /** Notes in the cost of a place that work which `run` ran failed there. */
  noteFailure(plugin: string, kind: WorkKind, name: string, isLate = false): void {
    const gauge = this.gauge(plugin, kind, name);
    if (isLate) gauge.timeouts += 1;
    else gauge.faults += 1;
  }

  /** Runs work of a plugin that is no hook handler: attributed, counted, timed and visible to the watchdog. */
  run<T>(plugin: string, kind: WorkKind, name: string, work: () => T): T {
    const gauge = this.gauge(plugin, kind, name);
    return runAsPlugin(plugin, () => this.profiler.run(gauge, work), placeOf(kind, name));
  }
}
