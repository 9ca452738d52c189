import type { App } from '../app.ts';
import { isOwnReason, reasonInWords, type Translator } from '../i18n/index.ts';
import { queueDepth } from '../jobs/index.ts';
import { liveProcesses } from '../kernel/plugins-repository.ts';
import { changeQueueUsage, tableNames } from '../storage/index.ts';
import type { Sentence } from '../ui/types.ts';
import type { HealthView } from './system-views.ts';

export type Check = HealthView['checks'][number];

const behindMs = 10 * 60_000;
const fullQueue = 0.5;

/** What core looks at, then what running plugins report. A feature with checks of its own adds a function here. */
export async function healthChecks(app: App, translator: Translator): Promise<readonly Check[]> {
  const found = await Promise.all([systemChecks, platformChecks, themeChecks, pluginChecks].map((look) => look(app, translator)));
  return found.flat();
}

async function systemChecks({ desk }: App): Promise<readonly Check[]> {
  const sender = await desk.mail.systemSender();
  const depth = await queueDepth(desk.storage.read);
  const isBehind = depth.oldestReadyAt !== null && depth.oldestReadyAt < desk.clock.now() - behindMs;
  const hasKey = await desk.secrets.isIntact();
  const isSafe = desk.config.url.startsWith('https:');
  return [
    {
      name: { key: 'health.check.sending' },
      health: sender === undefined ? 'attention' : 'good',
      text: { key: sender === undefined ? 'health.sending.none' : 'health.sending.good' },
    },
    {
      name: { key: 'health.check.key' },
      health: hasKey ? 'good' : 'problem',
      text: { key: hasKey ? 'health.key.good' : 'health.key.missing' },
    },
    {
      name: { key: 'health.check.jobs' },
      health: depth.dead > 0 || isBehind ? 'attention' : 'good',
      text: { key: depth.dead > 0 ? 'health.jobs.some-failed' : isBehind ? 'health.jobs.behind' : 'health.jobs.good' },
    },
    {
      name: { key: 'health.check.https' },
      health: isSafe ? 'good' : 'attention',
      text: { key: isSafe ? 'health.https.good' : 'health.https.plain' },
    },
  ];
}

/** The plugin platform: plugins that should run, processes that should agree, data that belongs to nobody, old hooks. */
async function platformChecks({ desk, plugins, faults }: App): Promise<readonly Check[]> {
  const { read, dialect } = desk.storage;
  const all = await plugins.list();
  const failed = all.filter(({ row, isRunning }) => row?.isDesired === true && !isRunning);
  const processes = await liveProcesses(read, desk.clock.now());
  const current = plugins.snapshot.generation;
  const behind = processes.filter(({ generation }) => generation < current).length;
  const tables = await tableNames(read, dialect);
  const orphans = all.filter(
    ({ found, row }) => found === undefined && row !== undefined && tables.some((name) => name.startsWith(`p_${row.slug ?? row.id}_`)),
  );
  const deprecated = desk.hooks.inspect().filter(({ deprecated: since, handlers }) => since !== undefined && handlers.length > 0);
  return [
    {
      name: { key: 'health.check.plugins' },
      health: failed.length > 0 ? 'problem' : faults.length > 0 ? 'attention' : 'good',
      text: { key: failed.length > 0 ? 'health.plugins.failed' : faults.length > 0 ? 'health.plugins.faults' : 'health.plugins.good' },
    },
    {
      name: { key: 'health.check.generation' },
      health: behind > 0 ? 'attention' : 'good',
      text:
        behind > 0
          ? { key: 'health.generation.behind', params: { switched: processes.length - behind, all: processes.length } }
          : { key: 'health.generation.good' },
    },
    ...hintChecks(await changeQueueUsage(read, dialect)),
    ...orphans.map(({ id }): Check => ({
      name: { key: 'health.check.orphan' },
      health: 'attention',
      text: { key: 'health.orphan', params: { plugin: id } },
      pluginId: id,
    })),
    ...deprecated.map(({ name, deprecated: instead = '', handlers }): Check => ({
      name: { key: 'health.check.deprecated' },
      health: 'attention',
      text: {
        key: 'health.deprecated',
        params: { hook: name, plugins: [...new Set(handlers.map(({ plugin }) => plugin))].join(', '), instead },
      },
    })),
  ];
}

/** How full PostgreSQL's queue of notifications is: one stuck listener anywhere fills it, and when it is full nobody can commit a change. */
export function hintChecks(usage: number | undefined): readonly Check[] {
  if (usage === undefined) return [];
  return [
    {
      name: { key: 'health.check.hints' },
      health: usage > fullQueue ? 'problem' : usage > fullQueue / 5 ? 'attention' : 'good',
      text: { key: usage > fullQueue / 5 ? 'health.hints.filling' : 'health.hints.good', params: { percent: Math.ceil(usage * 100) } },
    },
  ];
}

async function themeChecks({ theming: { look, faults } }: App): Promise<readonly Check[]> {
  const name = { key: 'health.check.theme' };
  if (look.trouble !== undefined)
    return [{ name, health: 'problem', text: { key: 'health.theme.fallback', params: { theme: look.trouble.theme } } }];
  const kinds = [...faults.values()].map(({ kind }) => kind);
  if (kinds.length === 0) return [{ name, health: 'good', text: { key: 'health.theme.good' } }];
  return [
    {
      name,
      health: 'attention',
      text: { key: kinds.every((kind) => kind === 'outdated') ? 'health.theme.outdated' : 'health.theme.faults' },
    },
  ];
}

async function pluginChecks({ plugins, oversight }: App, texts: Translator): Promise<readonly Check[]> {
  // A key of the catalog, or a sentence as it is: plugins may have no texts of their own.
  const sentence = (key: string, plain: string, params?: Sentence['params']): Sentence =>
    texts.has(key) ? { key, ...(params !== undefined && { params: inWords(params) }) } : { key: 'health.plain', params: { text: plain } };
  // A value may be a stored reason. Anything else stays as the plugin said it: the causes that we have words for are those of mail.
  const valueInWords = (value: string | number): string | number =>
    typeof value === 'string' && isOwnReason(value) ? reasonInWords(texts, value) : value;
  const inWords = (params: NonNullable<Sentence['params']>): NonNullable<Sentence['params']> =>
    Object.fromEntries(Object.entries(params).map(([name, value]) => [name, valueInWords(value)]));
  const titleOf = (id: string): string => plugins.known.find((one) => one.id === id)?.manifest.title ?? id;
  const reports = await Promise.all(
    plugins.snapshot.all('health').map(async ({ plugin, value }): Promise<readonly Check[]> => {
      const check = async () => value.check();
      const reported = await oversight
        .run(plugin, 'health', 'health', check)
        .catch(() => [{ id: plugin, status: 'bad' as const, text: 'health.plugin.silent' }]);
      return reported.map(({ status, text, ...more }) => ({
        name: texts.has(`health.check.${plugin}`) ? { key: `health.check.${plugin}` } : sentence(`${plugin}.plugin.title`, titleOf(plugin)),
        health: { good: 'good' as const, warn: 'attention' as const, bad: 'problem' as const }[status],
        text: sentence(text, text, 'params' in more ? more.params : undefined),
        pluginId: plugin,
      }));
    }),
  );
  return reports.flat();
}
