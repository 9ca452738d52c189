import type { App } from '../app.ts';
import type { RecordedFault } from '../kernel/fault-log.ts';
import { placeOf } from '../kernel/gauge.ts';
import type { PluginCost } from '../kernel/plugin-records.ts';
import { addressOf, prefixOf } from '../kernel/router-dispatch.ts';
import { coreVersion } from '../paths.ts';
import type { PluginSight } from '../plugin-sight.ts';
import type { PluginCostView, PluginFaultView, PluginPageView } from './system-views.ts';

const shownWorks = 30;

/** What a running plugin hooked into, by name; empty while it is off. */
export function registrationsOf({ desk, plugins }: App, id: string): PluginPageView['registrations'] {
  const { routes, all } = plugins.snapshot;
  return {
    slots: [...new Set(all('slot').flatMap(({ plugin, value }) => (plugin === id ? [value.slot] : [])))].toSorted(),
    routes: routes.flatMap(({ plugin, value }) =>
      plugin === id ? value.routes.map((route) => addressOf(prefixOf({ plugin, value }), route)) : [],
    ),
    jobs: desk.jobRegistry
      .names()
      .filter((name) => desk.jobRegistry.get(name)?.plugin === id)
      .toSorted(),
  };
}

export function costView(cost: PluginCost | undefined): PluginCostView | undefined {
  if (cost === undefined) return undefined;
  return {
    ...summaryOf(cost),
    queries: cost.queries,
    queryMs: rounded(cost.queryMs),
    jobMs: rounded(cost.jobMs),
    works: cost.works.slice(0, shownWorks).map(({ kind, name, calls, faults, timeouts, totalMs, maxMs, p95Ms }) => ({
      kind,
      place: placeOf(kind, name),
      calls,
      faults: faults + timeouts,
      totalMs: rounded(totalMs),
      maxMs: rounded(maxMs),
      p95: p95Ms === undefined ? undefined : rounded(p95Ms),
    })),
  };
}

/** The line of the list: how often it ran, and how much of the pages' time it took in percent. */
export function summaryOf({ calls, pageShare }: PluginCost): { readonly calls: number; readonly pageShare: number | undefined } {
  return { calls, pageShare: pageShare === undefined ? undefined : Math.round(pageShare * 1000) / 10 };
}

export function faultViews({ faults }: PluginSight, dialect: string): readonly PluginFaultView[] {
  return faults.map((fault) => ({
    at: fault.at,
    place: fault.hook,
    times: fault.times,
    text: fault.message,
    report: reportOf(fault, dialect),
  }));
}

// English and plain, because it goes to the author of the plugin.
function reportOf({ plugin, version, hook, kind, times, at, message, stack }: RecordedFault, dialect: string): string {
  return [
    `Plugin:   ${plugin} ${version ?? ''}`.trimEnd(),
    `Where:    ${hook}`,
    `What:     ${kind}, ${times} times until ${new Date(at).toISOString()}`,
    `Desk:     helpdesk ${coreVersion}, Node ${process.version}, ${dialect}`,
    `Message:  ${message}`,
    ...(stack === null ? [] : ['', stack]),
  ].join('\n');
}

function rounded(ms: number): number {
  return ms < 10 ? Math.round(ms * 100) / 100 : Math.round(ms);
}
