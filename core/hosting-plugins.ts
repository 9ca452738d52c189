import { hostname } from 'node:os';
import path from 'node:path';
import type { AppOptions } from './app.ts';
import type { Desk } from './desk.ts';
import { endSubscriptions, replaceSubscriptions } from './events/index.ts';
import type { Pages } from './http/pages.ts';
import { reservedPaths } from './http/routes.ts';
import type { CrashJournal } from './kernel/crash-journal.ts';
import type { Oversight } from './kernel/oversight.ts';
import { PluginHost } from './kernel/plugin-host.ts';
import { makePluginContext } from './making-plugin-context.ts';
import { putBackPlugin } from './operations/index.ts';
import { apiVersion } from './paths.ts';
import { requireSettings } from './plugin-calls.ts';
import type { PluginContext } from './plugin-context.ts';
import { grantDefaults } from './plugins/index.ts';
import type { SettingsUpgrade } from './settings/index.ts';
import { runMigrations } from './storage/index.ts';
import type { Theming } from './theming.ts';
import { systemActor } from './users/index.ts';

interface Hosting {
  readonly desk: Desk;
  readonly theming: Theming;
  readonly oversight: Oversight;
  readonly journal: CrashJournal;
  readonly processId: string;
  readonly options: AppOptions;
  /** Made after the host, for pages show what it runs. */
  readonly pages: () => Pages;
}

/** The host of a desk's plugins: what the kernel must be told about help desks. */
export function hostPlugins({ desk, theming, oversight, journal, processId, options, pages }: Hosting): PluginHost<PluginContext> {
  const { config, clock, log, role } = options;
  return new PluginHost<PluginContext>({
    storage: desk.storage,
    clock,
    log,
    hooks: desk.hooks,
    apiVersion,
    roots: (options.pluginFolders ?? [path.join(config.root, 'plugins'), path.join(config.data, 'plugins')]).map((folder) => ({ folder })),
    process: { id: processId, host: hostname(), pid: process.pid, role },
    runMigrations,
    subscriptions: {
      replace: (tx, id, wanted) => replaceSubscriptions(tx, id, wanted, clock),
      end: endSubscriptions,
    },
    makeContext: (plugin, kit, definition) => {
      if ('settings' in definition) {
        const { settings: schema } = definition;
        requireSettings(plugin.id, schema);
        const upgrade = 'settingsUpgrade' in definition ? (definition.settingsUpgrade as SettingsUpgrade) : undefined;
        kit.own(desk.settings.define(plugin.id, schema, upgrade));
      }
      const { sabotage } = options;
      return makePluginContext(desk, plugin, sabotage === undefined ? kit : { ...kit, hooks: sabotage.wrap(kit.hooks) }, {
        runsJobs: role === 'work' || role === 'all',
        pages: pages(),
        oversight,
      });
    },
    onFault: oversight.onFault,
    oversight,
    // A command that is interrupted says nothing about the plugin it was loading.
    ...(role !== 'command' && { journal }),
    onQuarantined: async (tx, { plugin, reason }) =>
      void (await desk.events.record(tx, 'plugin.quarantined', { actor: systemActor, payload: { plugin, reason } })),
    safeMode: config.isSafe,
    passive: options.isPassive === true,
    activeByDefault: ['email-inbox'],
    reservedPaths,
    pinned: config.pinnedPlugins,
    onFirst: grantDefaults,
    putBack: async (plugin, error) => {
      const isBack = putBackPlugin(config, plugin);
      log.error(isBack ? 'A new version could not start; the one before was put back.' : 'A new version could not start.', {
        plugin: plugin.id,
        version: plugin.version,
        error,
      });
      return isBack;
    },
    templates: (snapshot, isWhole) => theming.build(snapshot, isWhole),
  });
}
