import type { FoundPlugin } from '../kernel/manifest.ts';
import { factsOf } from './facts.ts';
import { changedTables, rowsOfCore } from './rows.ts';
import type { Stage, Visitor } from './people.ts';

/** Asks each of a plugin's routes as people who may not, and from other sites: nothing may happen (X7, pitfall 25). */
export async function checkGuards(stage: Stage, plugin: FoundPlugin): Promise<readonly string[]> {
  const { routes } = await factsOf(stage.app, plugin);
  const before = await rowsOfCore(stage.app);
  const problems: string[] = [];
  for (const { method, path, permission } of routes) {
    const address = path.replaceAll(/:\w+/g, '1');
    const ask = async (as: Visitor, isOurs: boolean): Promise<number> => (await stage.fetch(address, { as, method, isOurs })).status;
    const isApi = path.startsWith('/api/');
    const isMutating = method !== 'GET';
    // Interfaces for programs take no cookies, so another site has nothing to ride on.
    if (isMutating && !isApi && (await ask('admin', false)) !== 403)
      problems.push(`${method} ${path} accepts what another site sends in a person's name.`);
    if (permission === undefined) continue;
    for (const as of ['nobody', 'customer', 'powerless'] as const) {
      const status = await ask(as, true);
      if (status < 300 || status >= 500) problems.push(`${method} ${path} answers ${as} with ${status} instead of refusing.`);
      else if (isMutating && as !== 'nobody' && status !== (isApi ? 401 : 403))
        problems.push(`${method} ${path} answers ${as} with ${status} instead of 403.`);
    }
  }
  const changed = changedTables(before, await rowsOfCore(stage.app));
  if (changed.length > 0) problems.push(`A request that was refused changed ${changed.join(', ')}.`);
  return problems;
}
