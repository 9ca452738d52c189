import type { App } from './app.ts';
import { faultsOf, type RecordedFault } from './kernel/fault-log.ts';
import { costsOf, type PluginCost } from './kernel/plugin-records.ts';
import { sizesOf, tableNames, type TableSize } from './storage/index.ts';

/** What can be seen of one plugin from any process of the desk. */
export interface PluginSight {
  /** Newest first. */
  readonly faults: readonly RecordedFault[];
  /** Over all processes of the last day; undefined when it did not run. */
  readonly cost: PluginCost | undefined;
  readonly tables: readonly TableSize[];
  readonly jobs: { readonly waiting: number; readonly failed: number };
}

/** Reads faults, cost and data of a plugin; its code need not be there. */
export async function pluginSight({ desk, plugins }: Pick<App, 'desk' | 'plugins'>, id: string): Promise<PluginSight> {
  const { read, dialect } = desk.storage;
  const status = (await plugins.list()).find((one) => one.id === id);
  const prefix = `p_${status?.found?.manifest.db?.slug ?? status?.row?.slug ?? id}_`;
  const names = (await tableNames(read, dialect)).filter((name) => name.startsWith(prefix));
  const jobs: readonly { readonly state: string; readonly n: number }[] = await read('jobs')
    .where({ plugin: id })
    .whereIn('state', ['ready', 'behind', 'dead'])
    .groupBy('state')
    .select('state')
    .count({ n: '*' });
  const count = (...states: readonly string[]): number =>
    jobs.filter(({ state }) => states.includes(state)).reduce((total, { n }) => total + Number(n), 0);
  return {
    faults: await faultsOf(read, id),
    cost: (await costsOf(read, id)).get(id),
    tables: await sizesOf(read, dialect, names),
    jobs: { waiting: count('ready', 'behind'), failed: count('dead') },
  };
}
