import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestMeter } from './profiler.ts';

/** Who is running right now: every fault, query and log line is attributed through it. */
export interface Scope {
  readonly plugin?: string | undefined;
  readonly hook?: string | undefined;
  /** Plugins that this request leaves out; `all` leaves out everything but core. */
  readonly skip?: ReadonlySet<string> | 'all' | undefined;
  /** Gathers what the request costs that led to here. */
  readonly meter?: RequestMeter | undefined;
  /** How many hook handlers are on the way to here. */
  readonly depth: number;
  /** The scope this one was entered from, so that a loop can be shown as a chain. */
  readonly parent?: Scope | undefined;
}

/** The store itself, for whoever enters a scope of its own, such as a job. */
export const scope = new AsyncLocalStorage<Scope>();
const outside: Scope = { depth: 0 };

/** The scope of the running code; outside any plugin it is empty with depth 0. */
export function currentScope(): Scope {
  return scope.getStore() ?? outside;
}

/** Runs `work`, and everything it awaits, inside `entered`. */
export function runInScope<T>(entered: Scope, work: () => T): T {
  return scope.run(entered, work);
}

/** Runs `work` attributed to a plugin and, where there is a name for it, a place in it; what it skips is inherited. */
export function runAsPlugin<T>(plugin: string, work: () => T, hook?: string): T {
  const parent = currentScope();
  const { skip, depth, meter } = parent;
  const entered: Scope = { plugin, hook, depth, skip, meter, parent: parent === outside ? undefined : parent };
  return scope.run(entered, work);
}

/** Whether this request leaves `plugin` out; core itself is never left out. */
export function isSkipped(plugin: string, { skip }: Scope = currentScope()): boolean {
  if (skip === undefined || plugin === 'core') return false;
  return skip === 'all' || skip.has(plugin);
}
