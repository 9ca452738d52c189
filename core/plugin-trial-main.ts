// Runs alone in a child process: switches one plugin on and off in a desk made for that, and reports in one message.
import path from 'node:path';
import { createApp, type App } from './app.ts';
import { readConfig } from './config.ts';
import { conform, factsOf, Sabotage, type PluginFacts } from './conformance/index.ts';
import { systemClock } from './kernel/clock.ts';
import { readManifest } from './kernel/manifest.ts';
import { sentenceOf } from './kernel/sentence.ts';
import { createLogger } from './log.ts';
import type { Trial, TrialOrder } from './plugin-trial.ts';

// Enough to see what grows; the gate runs bundled plugins ten times as often.
const rounds = 20;

process.once('message', (order: TrialOrder) => {
  void tryInDesk(order)
    .catch((error: unknown): Trial => ({ problems: [sentenceOf(error)] }))
    .then((trial) => process.send?.(trial, () => process.exit()));
});

async function tryInDesk({ folder, parent, beside, isThorough }: TrialOrder): Promise<Trial> {
  const plugin = await readManifest(folder);
  const { id, manifest } = plugin;
  const root = path.dirname(parent);
  const problems: string[] = [];
  let facts: PluginFacts | undefined;
  const sabotage = new Sabotage();
  const app = await createApp({
    config: readConfig({ HELPDESK_DATA: path.join(root, 'data'), HELPDESK_URL: 'http://desk.example', LOG_LEVEL: 'warn' }, {}, root),
    clock: systemClock,
    log: createLogger('warn', systemClock, (line) => problems.push(...templateProblem(id, line))),
    role: 'command',
    sabotage,
    pluginFolders: [parent, ...(manifest.requires === undefined ? [] : beside)],
  });
  try {
    await app.start();
    await activateNeeds(app, id, new Set([id]));
    await app.plugins.activate(id);
    facts = await factsOf(app, plugin);
    const faults = app.faults.filter((fault) => fault.plugin === id);
    problems.push(...faults.map(({ hook, error }) => `${hook}: ${sentenceOf(error)}`));
    await app.plugins.deactivate(id);
    if (isThorough && problems.length === 0) problems.push(...(await conform(app, plugin, { sabotage, rounds })));
  } catch (error) {
    problems.push(sentenceOf(error));
  } finally {
    await app.stop();
  }
  return { problems: [...new Set(problems)], facts };
}

async function activateNeeds(app: App, id: string, seen: Set<string>): Promise<void> {
  const found = (await app.plugins.list()).find((one) => one.id === id)?.found;
  for (const need of Object.keys(found?.manifest.requires ?? {})) {
    if (seen.has(need)) continue;
    seen.add(need);
    await activateNeeds(app, need, seen);
    await app.plugins.activate(need);
  }
}

// Logged, for a desk goes on with the other templates; an author wants to know.
function templateProblem(id: string, line: string): readonly string[] {
  const { owner, template, kind, error } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  if (owner !== id || typeof template !== 'string') return [];
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(kind);
  return [`${template}: ${text}`];
}
