import type { App } from '../app.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { deletePluginData, titleOfPlugin } from '../plugins/index.ts';
import { systemActor } from '../users/index.ts';
import { checkCycles } from './cycles.ts';
import { checkDeclared } from './declared.ts';
import { checkFaults } from './failing.ts';
import { checkGuards } from './guarding.ts';
import { checkPages, checkReading } from './pages.ts';
import { setStage, type Stage } from './people.ts';
import { changedTables, rowsOfCore } from './rows.ts';
import type { Sabotage } from './sabotage.ts';
import { checkTexts } from './texts.ts';

export interface ConformOptions {
  /** What the desk was built with; without it handlers are not made to fail. */
  readonly sabotage?: Sabotage;
  /** How often it is switched on and off; 200 unless said otherwise. */
  readonly rounds?: number;
}

/**
 * Whether a plugin that is off keeps the rules all plugins keep, one sentence for each it breaks. It is
 * switched on, abused and removed with its data, so the desk must be one made for that.
 */
export async function conform(app: App, plugin: FoundPlugin, { sabotage, rounds = 200 }: ConformOptions = {}): Promise<readonly string[]> {
  if ((await app.plugins.list()).find(({ id }) => id === plugin.id)?.row?.isDesired === true) await app.plugins.deactivate(plugin.id);
  const stage = await setStage(app);
  try {
    const problems = [...checkTexts(plugin), ...(await checkAbsence(stage, plugin))];
    const before = await rowsOfCore(app);
    await app.plugins.activate(plugin.id);
    await app.plugins.deactivate(plugin.id);
    const isUsed = plugin.manifest.permissions?.some(({ defaultRoles = [] }) => defaultRoles.length > 0) === true;
    const onOff = changedTables(before, await rowsOfCore(app)).filter((table) => !table.startsWith('p_') && !(isUsed && table === 'roles'));
    if (onOff.length > 0) problems.push(`Switching it on and off changes rows of core: ${onOff.join(', ')}.`);

    await app.plugins.activate(plugin.id);
    problems.push(...(await checkDeclared(app, plugin)), ...(await checkGuards(stage, plugin)));
    problems.push(...(await checkPages(stage, plugin)), ...(await checkCycles(app, plugin, rounds)));
    problems.push(...(await checkReading(stage, plugin)));
    if (sabotage !== undefined) problems.push(...(await checkFaults(stage, plugin, sabotage)));
    await app.plugins.deactivate(plugin.id);

    const kept = await rowsOfCore(app);
    await deletePluginData(app, systemActor, plugin.id);
    const after = await rowsOfCore(app);
    const taken = changedTables(kept, after).filter((table) => !isOwned(table) && !table.startsWith('p_'));
    if (taken.length > 0) problems.push(`Deleting its data changes rows of core: ${taken.join(', ')}.`);
    const left = [...after.keys()].filter((table) => table.startsWith('p_') && !before.has(table));
    if (left.length > 0) problems.push(`Deleting its data leaves tables behind: ${left.join(', ')}.`);
    return [...new Set(problems)];
  } finally {
    await stage.close();
  }
}

// Tables with rows per owner, of which only its own may go; permissions go from the roles.
function isOwned(table: string): boolean {
  return [
    'settings',
    'scoped_settings',
    'secrets',
    'search_documents',
    'subscriptions',
    'ticket_meta',
    'roles',
    'plugin_faults',
    'plugin_costs',
  ].includes(table);
}

const pagesOfCore = [
  '/',
  '/tickets/new',
  '/sign-in',
  '/desk',
  '/desk/customers',
  '/admin',
  '/admin/mailboxes',
  '/admin/settings',
  '/admin/roles/agent',
  '/admin/health',
];

/** While a plugin is off no page of core speaks of it (X1). */
async function checkAbsence(stage: Stage, plugin: FoundPlugin): Promise<readonly string[]> {
  const names = [`/p/${plugin.id}`, `>${titleOfPlugin(plugin, 'en')}<`];
  const problems: string[] = [];
  for (const page of pagesOfCore) {
    const text = await (await stage.fetch(page, { as: 'admin' })).text();
    if (names.some((name) => text.includes(name))) problems.push(`${page} speaks of it while it is off.`);
  }
  return problems;
}
