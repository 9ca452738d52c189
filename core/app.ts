import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import Koa from 'koa';
import { issueSetupToken, Throttle } from './auth/index.ts';
import type { Config } from './config.ts';
import type { Sabotage } from './conformance/index.ts';
import type { Desk } from './desk.ts';
import { defineCoreHooks, defineCoreJobs, durableSource } from './core-registrations.ts';
import { EventLog, endSubscriptions, replaceSubscriptions } from './events/index.ts';
import { FileStore } from './files/index.ts';
import { handleErrors } from './http/errors.ts';
import { Pages } from './http/pages.ts';
import { guardPluginRoute } from './http/plugin-guard.ts';
import { requestBasics, sameOrigin } from './http/request-basics.ts';
import type { Context, Middleware } from './http/request-state.ts';
import { coreRoutes } from './http/routes.ts';
import { previewing } from './http/previewing.ts';
import { Cron, JobQueue, JobRegistry, Worker } from './jobs/index.ts';
import type { Clock } from './kernel/clock.ts';
import { HookBus } from './kernel/hook-bus.ts';
import type { Fault } from './kernel/hook-point.ts';
import type { Logger } from './kernel/log.ts';
import { PluginHost } from './kernel/plugin-host.ts';
import { askForRestart, restartAskedAt } from './kernel/plugins-repository.ts';
import { dispatchPlugins } from './kernel/router-dispatch.ts';
import { LiveHub } from './live/hub.ts';
import { Presence } from './live/presence.ts';
import { Mail } from './mail/index.ts';
import { notifyingEvents, notifyingHandler } from './notifications/index.ts';
import { linkCore, putBackPlugin } from './operations/index.ts';
import { grantDefaults } from './plugins/index.ts';
import { NotFound } from './kernel/errors.ts';
import { apiVersion, coreVersion } from './paths.ts';
import { makePluginContext, type PluginContext } from './plugin-context.ts';
import {
  mailSettings,
  mailSignInSettings,
  Secrets,
  Settings,
  siteSettings,
  ticketSettings,
  type SettingsSchema,
  type SettingsUpgrade,
} from './settings/index.ts';
import { migrateCore, openStorage, runMigrations, type Storage } from './storage/index.ts';
import { refuseFatal, resolveTheme, themeFolder } from './theme/index.ts';
import { Theming } from './theming.ts';
import { Statuses } from './tickets/index.ts';
import './ui/slots.ts';

export type { Config } from './config.ts';
export { defineConfig, readConfig } from './config.ts';

export interface AppOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** What this process does; `command` runs plugins without connections and takes no jobs. */
  readonly role: 'web' | 'work' | 'all' | 'command';
  readonly storage?: Storage;
  /** Folders searched for plugins; default the site's and the data folder's. */
  readonly pluginFolders?: readonly string[];
  readonly isMigrated?: boolean;
  /** Changes plugins for the processes that run elsewhere, and runs none here. */
  readonly isPassive?: boolean;
  /** For trials: lets handlers of plugins fail on demand. */
  readonly sabotage?: Pick<Sabotage, 'wrap'>;
  /** Ends this process so that its parent starts another; absent when nobody would. */
  readonly onRestart?: () => void;
}

/** A whole desk in one object. `start` brings up its workers and plugins, `callback` answers requests. */
export interface App {
  readonly desk: Desk;
  readonly worker: Worker;
  readonly plugins: PluginHost<PluginContext>;
  readonly pages: Pages;
  readonly theming: Theming;
  /** Faults of plugins since the start, newest last, at most 200. */
  readonly faults: readonly Fault[];
  callback(): ReturnType<Koa['callback']>;
  /** Whether `restart` starts anew what runs here. */
  readonly isSupervised: boolean;
  /** Asks every supervised process of this desk to start anew, one that runs elsewhere within seconds. */
  restart(): Promise<void>;
  /** Starts plugins and, by role, workers and timers. */
  start(): Promise<void>;
  /**
   * Switches the portal to another theme, at once in this process and within seconds in the others.
   *
   * @throws NotFound `themes.not-found`, Refused `themes.check-failed`.
   */
  activateTheme(id: string): Promise<void>;
  /** The one-time setup link, while no administrator exists. */
  setupLink(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const reconcileMs = 1000;
const cronMs = 15_000;
const reservedPaths = [
  '/desk',
  '/admin',
  '/api',
  '/assets',
  '/health',
  '/sign-in',
  '/sign-out',
  '/setup',
  '/reset',
  '/tickets',
  '/messages',
  '/account',
  '/locale',
  '/files',
  '/events',
  '/slots',
  '/theme',
  '/theme.css',
  '/p',
];

/** Builds a desk: the only place that makes things and ties them together. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, clock, log, role } = options;
  const storage =
    options.storage ??
    openStorage({
      log,
      ...(config.databaseUrl === undefined ? { file: path.join(config.data, 'helpdesk.sqlite') } : { url: config.databaseUrl }),
    });
  if (options.isMigrated !== true) await migrateCore(storage, coreVersion);
  const faults: Fault[] = [];
  const onFault = (fault: Fault): void => {
    faults.push(fault);
    if (faults.length > 200) faults.shift();
    log.warn('A plugin failed and the desk went on.', { plugin: fault.plugin, hook: fault.hook, kind: fault.kind, error: fault.error });
  };
  const hooks = new HookBus({ onFault });
  defineCoreHooks(hooks);
  const jobs = new JobQueue(storage, clock);
  const jobRegistry = new JobRegistry();
  const live = new LiveHub();
  const secrets = new Secrets(storage, clock, config.secretFile);
  await secrets.open();
  const settings = new Settings(storage, secrets, clock);
  settings.define('site', siteSettings);
  settings.define('tickets', ticketSettings);
  settings.define('mail', mailSettings);
  settings.define('mail-sign-in', mailSignInSettings);
  const processId = randomUUID();

  const theming = new Theming({ config, log, storage, settings });

  const desk: Desk = {
    config,
    clock,
    log,
    storage,
    hooks,
    events: new EventLog({ clock, hooks, jobs, live }),
    jobs,
    jobRegistry,
    cron: new Cron(storage, jobs, clock),
    live,
    presence: new Presence(),
    settings,
    secrets,
    files: new FileStore(path.join(config.data, 'files')),
    throttle: new Throttle(storage, clock),
    statuses: new Statuses(storage),
    get mail(): Mail {
      return mail;
    },
    services: { get: (name) => plugins.services.get(name) },
    printNotice: (notice) => theming.printNotice(notice, plugins.snapshot, { clock }),
    locales: () => theming.locales(),
    translatorFor: (locale, timeZone) => theming.translatorFor(locale, timeZone),
  };
  const mail = new Mail(desk);

  const runsJobs = role === 'work' || role === 'all';
  const plugins = new PluginHost<PluginContext>({
    storage,
    clock,
    log,
    hooks,
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
        const upgrade = 'settingsUpgrade' in definition ? (definition.settingsUpgrade as SettingsUpgrade) : undefined;
        kit.own(settings.define(plugin.id, definition.settings as SettingsSchema, upgrade));
      }
      const { sabotage } = options;
      return makePluginContext(desk, plugin, sabotage === undefined ? kit : { ...kit, hooks: sabotage.wrap(kit.hooks) }, {
        runsJobs,
        pages,
      });
    },
    onFault,
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
    templates: (snapshot) => theming.build(snapshot),
  });
  jobRegistry.addSource(durableSource(hooks, () => plugins.snapshot));
  const pages = new Pages({
    desk,
    snapshot: () => plugins.snapshot,
    onFault,
    theming,
  });
  defineCoreJobs(desk);
  const worker = new Worker(jobs, jobRegistry, log, { owner: processId });

  const koa = new Koa({ proxy: config.trustedProxies > 0, maxIpsCount: config.trustedProxies });
  koa.on('error', (error: unknown) => {
    // A browser that leaves a page also leaves its live updates.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      log.error('A response could not be finished.', { error });
  });
  const use = (middleware: Middleware): void => void koa.use((ctx, next) => middleware(ctx as unknown as Context, next));
  use(theming.assets.middleware);
  use(requestBasics(desk));
  use(handleErrors(desk, (ctx, problem) => pages.error(ctx, problem)));
  use(sameOrigin(desk));
  use(previewing({ desk, theming, snapshot: () => plugins.snapshot }));
  const app: App = {
    desk,
    worker,
    plugins,
    pages,
    theming,
    faults,
    callback: () => koa.callback(),
    isSupervised: options.onRestart !== undefined,
    restart: () => askForRestart(storage, clock.now()),
    start,
    activateTheme,
    setupLink,
    stop,
  };
  for (const middleware of coreRoutes(app)) use(middleware);
  koa.use(dispatchPlugins({ snapshot: () => plugins.snapshot, guard: (ctx, route) => guardPluginRoute(ctx as unknown as Context, route) }));

  const startedAt = clock.now();
  const timers: NodeJS.Timeout[] = [];
  async function start(): Promise<void> {
    linkCore(config.data);
    await theming.read();
    await storage.writeTx((tx) =>
      replaceSubscriptions(
        tx,
        'core',
        notifyingEvents.map((event) => ({ plugin: 'core', handler: notifyingHandler, event })),
        clock,
      ),
    );
    await plugins.start();
    if (role === 'command') return;
    every(reconcileMs, async () => {
      if (await theming.read()) plugins.rebuild();
      await plugins.reconcile();
      await settings.follow();
      if (options.onRestart !== undefined && ((await restartAskedAt(storage.read)) ?? 0) > startedAt) options.onRestart();
    });
    if (!runsJobs) return;
    worker.start();
    every(cronMs, () => desk.cron.tick());
    await desk.cron.tick();
  }

  async function activateTheme(id: string): Promise<void> {
    const folder = themeFolder(config, id);
    if (folder === undefined) throw new NotFound('themes.not-found', { theme: id, message: `There is no theme ${id}.` });
    await refuseFatal(config, folder);
    const { chain } = resolveTheme(config, id);
    await settings.set('site', { theme: id, themeParents: chain.slice(1).map((parent) => parent.id) });
    await theming.read();
    await plugins.refresh();
  }

  function every(ms: number, work: () => Promise<unknown>): void {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      work()
        .catch((error: unknown) => log.error('A background task failed and will run again.', { error }))
        .finally(() => (isRunning = false));
    }, ms);
    timer.unref();
    timers.push(timer);
  }

  async function setupLink(): Promise<string | undefined> {
    const token = await issueSetupToken(desk);
    return token === undefined ? undefined : new URL(`/setup?token=${token}`, config.url).href;
  }

  async function stop(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    if (runsJobs) await worker.stop();
    await plugins.stop();
    await mail.close();
    if (options.storage === undefined) await storage.close();
  }

  return app;
}
