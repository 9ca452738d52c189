import path from 'node:path';
import { createApp, type App } from './app.ts';
import { readConfig } from './config.ts';
import type { Clock } from './kernel/clock.ts';
import { readManifest } from './kernel/manifest.ts';
import { sentenceOf } from './kernel/sentence.ts';
import { createLogger } from './log.ts';
import { quickProblems, stagePlugin, type StagedPlugin } from './operations/index.ts';

/** How thoroughly a plugin is checked, and with what around it. */
export interface CheckOptions {
  readonly clock: Clock;
  /** Leaves the temporary desk out. */
  readonly isQuick: boolean;
  /** Folders with the plugins this one may need. */
  readonly beside: readonly string[];
}

/** What is wrong with a plugin folder, one sentence each; without `isQuick` it is switched on and off in a desk made for that. */
export async function checkPlugin(source: string, options: CheckOptions): Promise<readonly string[]> {
  const staged = stagePlugin(source);
  try {
    return await checkStaged(staged, options);
  } finally {
    staged.remove();
  }
}

/** The same for a copy that is staged already. */
export async function checkStaged(staged: StagedPlugin, { clock, isQuick, beside }: CheckOptions): Promise<readonly string[]> {
  const problems = await quickProblems(staged);
  return isQuick || problems.length > 0 ? problems : tryInDesk(staged, clock, beside);
}

async function tryInDesk({ folder, parent }: StagedPlugin, clock: Clock, beside: readonly string[]): Promise<readonly string[]> {
  const { id, manifest } = await readManifest(folder);
  const root = path.dirname(parent);
  const problems: string[] = [];
  const app = await createApp({
    config: readConfig({ HELPDESK_DATA: path.join(root, 'data'), LOG_LEVEL: 'warn' }, {}, root),
    clock,
    log: createLogger('warn', clock, (line) => problems.push(...templateProblem(id, line))),
    role: 'command',
    pluginFolders: [parent, ...(manifest.requires === undefined ? [] : beside)],
  });
  try {
    await app.start();
    await activateWithNeeds(app, id, new Set());
    await app.plugins.deactivate(id);
  } catch (error) {
    problems.push(sentenceOf(error));
  } finally {
    await app.stop();
  }
  const faults = app.faults.filter(({ plugin, error }) => plugin === id && !problems.includes(sentenceOf(error)));
  return [...problems, ...faults.map(({ hook, error }) => `${hook}: ${sentenceOf(error)}`)];
}

async function activateWithNeeds(app: App, id: string, seen: Set<string>): Promise<void> {
  if (seen.has(id)) return;
  seen.add(id);
  const found = (await app.plugins.list()).find((one) => one.id === id)?.found;
  for (const need of Object.keys(found?.manifest.requires ?? {})) await activateWithNeeds(app, need, seen);
  await app.plugins.activate(id);
}

// Logged, for a desk goes on with the other templates; an author wants to know.
function templateProblem(id: string, line: string): readonly string[] {
  const { owner, template, kind, error } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  if (owner !== id || typeof template !== 'string') return [];
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(kind);
  return [`${template}: ${text}`];
}
