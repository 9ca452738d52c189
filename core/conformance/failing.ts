import { AppError } from '../kernel/errors.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { liveThrough, type Stage } from './people.ts';
import type { Sabotage } from './sabotage.ts';

/** Lets every handler of a plugin throw, and then never answer: what core does commits, and each fault is recorded against the plugin (X4). */
export async function checkFaults(stage: Stage, plugin: FoundPlugin, sabotage: Sabotage): Promise<readonly string[]> {
  const { app } = stage;
  const own = app.desk.hooks.inspect().filter(({ handlers }) => handlers.some((one) => one.plugin === plugin.id));
  if (own.length === 0) return [];
  const problems: string[] = [];
  for (const mode of ['throw', 'hang'] as const) {
    const firstFault = app.faults.length;
    sabotage.mode = mode;
    try {
      await liveThrough(stage, 'Opened while a plugin fails');
      const survived = await Promise.all(own.map(async ({ kind, name }) => ({ name, isFine: await survives(stage, kind, name) })));
      for (const { name, isFine } of survived) if (!isFine) problems.push(`${name} lets the fault of a handler reach its caller.`);
    } catch (error) {
      problems.push(`While every handler does ${mode}, core cannot work: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      sabotage.mode = 'none';
    }
    const faulty = new Set(app.faults.slice(firstFault).flatMap(({ plugin: by, hook }) => (by === plugin.id ? [hook] : [])));
    problems.push(
      ...own.filter(({ name }) => !faulty.has(name)).map(({ name }) => `${name}: a handler that does ${mode} is not recorded.`),
    );
  }
  return problems;
}

/** What people do all day. */
// Hooks that nobody called above are called by hand; the sabotaged handler never looks at what it is given.
async function survives({ app: { desk } }: Stage, kind: string, name: string): Promise<boolean> {
  const value = { untouched: true };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any hook, by a name that is known only here
  const hooks = desk.hooks as unknown as Record<
    'act' | 'applyFilter' | 'applyFilterSync' | 'decide',
    (name: string, ...rest: object[]) => unknown
  >;
  try {
    if (kind === 'filter') return (await hooks.applyFilter.call(desk.hooks, name, value, {})) === value;
    if (kind === 'filterSync') return hooks.applyFilterSync.call(desk.hooks, name, value, {}) === value;
    if (kind === 'decision') await hooks.decide.call(desk.hooks, name, {});
    else await hooks.act.call(desk.hooks, name, {});
    return true;
  } catch (error) {
    // A critical handler stops its caller by declaration; where that is what people do all day, it was found above.
    if (error instanceof AppError && error.code === 'hooks.critical-failed') return true;
    throw error;
  }
}
