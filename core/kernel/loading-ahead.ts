import { discover } from './discovery.ts';
import { importFile } from './plugin-migrations.ts';

/** Imports the plugins of these folders but for some ids, so that switching them on takes no more than that. What fails says so when it is switched on. */
export async function loadPlugins(roots: readonly string[], but: readonly string[]): Promise<void> {
  const { plugins } = await discover(roots.map((folder) => ({ folder })));
  await Promise.allSettled(plugins.filter(({ id }) => !but.includes(id)).map(({ entry }) => importFile(entry)));
}
