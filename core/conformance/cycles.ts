import type { App } from '../app.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import type { Storage } from '../storage/index.ts';
import { factsOf } from './facts.ts';

/** Switches a plugin on and off many times: registrations, timers, sockets and memory return to what they were (pitfall 2). */
export async function checkCycles(app: App, plugin: FoundPlugin, rounds: number): Promise<readonly string[]> {
  const { plugins } = app;
  const held: WeakRef<object>[] = [];
  const first = JSON.stringify(await factsOf(app, plugin));
  const round = async (): Promise<void> => {
    await plugins.deactivate(plugin.id);
    await plugins.activate(plugin.id);
    held.push(...closuresOf(app, plugin.id));
  };
  for (let warm = 0; warm < Math.min(10, rounds); warm += 1) await round();
  await fillPool(app.desk.storage);
  const before = await measure();
  for (let index = 0; index < rounds; index += 1) await round();
  const after = await measure();
  const problems: string[] = [];
  if (JSON.stringify(await factsOf(app, plugin)) !== first)
    problems.push(`After ${rounds} rounds it registers something else than at first.`);
  for (const [name, count] of after.resources)
    if (count > (before.resources.get(name) ?? 0) + 2)
      problems.push(`After ${rounds} rounds ${count} of ${name} are open, ${before.resources.get(name) ?? 0} before.`);
  await plugins.deactivate(plugin.id);
  if (globalThis.gc !== undefined) {
    const grown = (after.heap - before.heap) / rounds;
    if (grown > mostBytesPerRound) problems.push(`Each round keeps ${Math.round(grown / 1024)} kB of memory.`);
    await measure();
    const alive = held.filter((one) => one.deref() !== undefined).length;
    if (alive > 0) problems.push(`${alive} of ${held.length} handlers are still in memory after it was switched off.`);
  }
  await plugins.activate(plugin.id);
  return problems;
}

// Compiled templates and statistics of the desk itself move by some kilobytes.
const mostBytesPerRound = 40 * 1024;

function closuresOf({ plugins, desk }: App, id: string): readonly WeakRef<object>[] {
  const routes = plugins.snapshot.routes
    .filter(({ plugin }) => plugin === id)
    .flatMap(({ value }) => value.routes.map(({ handler }) => handler));
  const slots = plugins.snapshot
    .all('slot')
    .flatMap(({ plugin, value }) => (plugin === id && value.load !== undefined ? [value.load] : []));
  const jobs = desk.jobRegistry.names().flatMap((name) => {
    const job = desk.jobRegistry.get(name);
    return job?.plugin === id && !name.includes(':') ? [job.run] : [];
  });
  return [...routes, ...slots, ...jobs].map((one) => new WeakRef(one));
}

/** Opens every connection that the desk keeps for itself, so that none counts as left behind because it was needed meanwhile. */
async function fillPool({ read }: Storage): Promise<void> {
  const { max }: { readonly max: number } = read.client.pool;
  await Promise.all(Array.from({ length: max }, () => read.raw('select 1')));
}

async function measure(): Promise<{ readonly heap: number; readonly resources: ReadonlyMap<string, number> }> {
  for (let index = 0; index < 3; index += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const resources = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) resources.set(name, (resources.get(name) ?? 0) + 1);
  return { heap: process.memoryUsage().heapUsed, resources };
}
