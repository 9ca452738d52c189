import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { existsSync } from 'node:fs';
import path from 'node:path';
import Koa from 'koa';
import { issueSetupToken, Throttle } from './auth/index.ts';
import type { Config } from './config.ts';
import type { Desk } from './desk.ts';
import { defineCoreHooks, defineCoreJobs, durableSource } from './core-registrations.ts';
import { EventLog, endSubscriptions, replaceSubscriptions } from './events/index.ts';
import { FileStore } from './files/index.ts';
import { handleErrors } from './http/errors.ts';
import { Pages } from './http/pages.ts';
import { guardPluginRoute } from './http/plugin-guard.ts';
import { pinGeneration, pluginScope } from './http/plugin-scope.ts';
import { requestBasics, sameOrigin } from './http/request-basics.ts';
import type { Context, Middleware } from './http/request-state.ts';
import { coreRoutes } from './http/routes.ts';
import { Assets } from './http/static.ts';
import { createTranslator, loadCatalog, type Catalog, type Translator } from './i18n/index.ts';
import { Cron, JobQueue, JobRegistry, Worker } from './jobs/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { FoundPlugin } from './kernel/manifest.ts';
import { CrashJournal, journalFolder } from './kernel/crash-journal.ts';
import { FaultLog } from './kernel/fault-log.ts';
import { HookBus } from './kernel/hook-bus.ts';
import type { Logger } from './kernel/log.ts';
import { Oversight } from './kernel/oversight.ts';
import { PluginHost } from './kernel/plugin-host.ts';
import { PluginRecords } from './kernel/plugin-records.ts';
import type { PluginFault } from './kernel/process-fault.ts';
import { guardProcess } from './kernel/process-guard.ts';
import { dispatchPlugins, snapshotOf } from './kernel/router-dispatch.ts';
import type { Snapshot } from './kernel/snapshot.ts';
import { watchSql } from './kernel/sql-profile.ts';
import { buildTemplates, type Templates } from './kernel/templates.ts';
import { LiveHub } from './live/hub.ts';
import { Presence } from './live/presence.ts';
import { Mail } from './mail/index.ts';
import { notifyingEvents, notifyingHandler } from './notifications/index.ts';
import { linkCore } from './operations/index.ts';
import { NotFound } from './kernel/errors.ts';
import { apiVersion, coreFolder, coreLocales, coreVersion } from './paths.ts';
import { makePluginContext, type PluginContext } from './plugin-context.ts';
import { mailSettings, Secrets, Settings, siteSettings, ticketSettings, type SettingsSchema } from './settings/index.ts';
import { migrateCore, openStorage, runMigrations, type Storage } from './storage/index.ts';
import { findTheme, refuseFatal, themeFolder, type Theme } from './theme/index.ts';
import { templateRoots } from './template-folders.ts';
import { Statuses } from './tickets/index.ts';
import { createHelpers } from './ui/helpers.ts';
import './plugin-events.ts';
import './ui/slots.ts';
import { systemActor } from './users/index.ts';
import { createIcons } from './ui/icon.ts';

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
}

/** A whole desk in one object. `start` brings up its workers and plugins, `callback` answers requests. */
export interface App {
  readonly desk: Desk;
  readonly worker: Worker;
  /** Of this process's row in `processes`. */
  readonly processId: string;
  readonly plugins: PluginHost<PluginContext>;
  readonly pages: Pages;
  /** Faults of plugins since the start, newest last, at most 200. */
  readonly faults: readonly PluginFault[];
  readonly oversight: Oversight;
  /** The records of all processes on what plugins did wrong and what they cost. */
  readonly records: PluginRecords;
  /** Texts as they were when a snapshot was made. */
  translatorOf(snapshot: Snapshot, locale: string | null, timeZone?: string | null): Translator;
  /** Keeps this process alive through errors of plugins and watches its event loop; for a process that serves nothing but this desk. */
  guard(): () => void;
  callback(): ReturnType<Koa['callback']>;
  /** Starts plugins and, by role, workers and timers. */
  start(): Promise<void>;
  /**
   * Switches the portal to another theme, at once in this process and within seconds in the others.
   *
   * @throws NotFound `themes.not-found`, Refused `themes.check-failed`.
   */
  activateTheme(id: string): Promise<void>;
  /** Address of the active theme's picture, if it has one. */
  themeScreenshot(): string | undefined;
  /** The one-time setup link, while no administrator exists. */
  setupLink(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const reconcileMs = 1000;
const cronMs = 15_000;
const recordMs = 10_000;
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
  const processId = randomUUID();
  const faultLog = new FaultLog({
    storage,
    clock,
    log,
    versionOf: (id) => plugins.snapshot.plugins.find((one) => one.id === id)?.version,
  });
  const onFault = (fault: PluginFault): void => faultLog.note(fault);
  const oversight = new Oversight({
    onFault,
    clock,
    // Whoever caused the last fault may stand inside a transaction; the quarantine is written outside of it.
    onExhausted: AsyncResource.bind((plugin: string, hook: string) => {
      const reason = translatorFor(null).t('plugin.quarantine.reason', { plugin, hook });
      plugins.quarantine(plugin, reason).catch((error: unknown) => log.error('A plugin could not be quarantined.', { plugin, error }));
    }),
    timesAll: config.isDevelopment,
  });
  const stopWatchingQueries = watchSql(storage, oversight.profiler);
  const records = new PluginRecords({ storage, clock, faultLog, oversight, processId });
  const journal = new CrashJournal(journalFolder(config.data), processId);
  const hooks = HookBus.overseenBy(oversight);
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

  let catalog: Catalog = loadCatalog(coreLocales);
  let theme: Theme = findTheme(config, 'default');
  const assets = new Assets();
  const translators = new WeakMap<Catalog, Map<string, Translator>>();
  function translatorFor(locale: string | null, timeZone?: string | null, texts: Catalog = catalog): Translator {
    const key = `${locale ?? config.locale} ${timeZone ?? 'UTC'}`;
    const known = translators.get(texts) ?? new Map<string, Translator>();
    translators.set(texts, known);
    const translator = known.get(key) ?? createTranslator({ catalog: texts, locale: locale ?? config.locale, timeZone: timeZone ?? 'UTC' });
    known.set(key, translator);
    return translator;
  }

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
    locales: () => catalog.locales,
    translatorFor: (locale, timeZone) => translatorFor(locale, timeZone),
  };
  const mail = new Mail(desk);

  const helpers = Object.entries(
    createHelpers({
      icons: createIcons({ lenient: true }),
      assetUrl: (name, plugin) => assets.url(plugin === undefined ? 'core' : `p/${plugin}`, name),
    }),
  ).map(([name, run]) => ({ name, plugin: 'core', run }));
  /** Texts and theme belong to a snapshot like its templates: a request never sees some of the one and some of the other. */
  const looks = new WeakMap<Templates, { readonly catalog: Catalog; readonly theme: Theme }>();
  const lookOf = ({ templates }: Snapshot) => (templates === undefined ? undefined : looks.get(templates)) ?? { catalog, theme };
  const translatorOf: App['translatorOf'] = (snapshot, locale, timeZone) => translatorFor(locale, timeZone, lookOf(snapshot).catalog);
  function templatesOf(snapshot: Omit<Snapshot, 'templates'>, isWhole: boolean): Templates {
    const texts = textsOf(snapshot.plugins);
    if (isWhole) {
      catalog = texts;
      refreshAssets(snapshot.plugins);
    }
    const templates = buildTemplates({
      roots: templateRoots(snapshot.plugins, theme),
      helpers: [...helpers, ...snapshot.helpers.map(({ plugin, value }) => ({ ...value, plugin }))],
      oversight,
      onFault: ({ owner, template, kind, error }) => log.warn('A template is not used as it is.', { owner, template, kind, error }),
      cacheFolder: path.join(config.data, 'cache', 'templates'),
    });
    looks.set(templates, { catalog: texts, theme });
    return templates;
  }
  function folderOf(plugin: FoundPlugin, kind: 'locales' | 'assets'): string[] {
    return plugin.manifest[kind] === undefined ? [] : [path.join(plugin.folder, plugin.manifest[kind])];
  }
  function textsOf(plugins: readonly FoundPlugin[]): Catalog {
    return loadCatalog([...coreLocales, ...plugins.flatMap((plugin) => folderOf(plugin, 'locales')), path.join(theme.folder, 'locales')]);
  }
  function refreshAssets(plugins: readonly FoundPlugin[]): void {
    assets.set([
      { name: 'core', folders: [path.join(coreFolder, 'dist/web'), path.join(coreFolder, 'ui/assets')] },
      { name: `t/${theme.id}`, folders: [theme.folder] },
      ...plugins.flatMap((plugin) => folderOf(plugin, 'assets').map((folder) => ({ name: `p/${plugin.id}`, folders: [folder] }))),
    ]);
  }

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
      if ('settings' in definition) kit.own(settings.define(plugin.id, definition.settings as SettingsSchema));
      return makePluginContext(desk, plugin, kit, { runsJobs, pages, oversight });
    },
    onFault,
    oversight,
    // A command that is interrupted says nothing about the plugin it was loading.
    ...(role !== 'command' && { journal }),
    onQuarantined: async (tx, { plugin, reason }) =>
      void (await desk.events.record(tx, 'plugin.quarantined', { actor: systemActor, payload: { plugin, reason } })),
    safeMode: config.isSafe,
    passive: options.isPassive === true,
    activeByDefault: ['email-inbox'],
    reservedPaths,
    templates: templatesOf,
  });
  jobRegistry.addSource(durableSource(hooks, () => plugins.snapshot));
  const pages = new Pages({
    desk,
    snapshot: () => plugins.snapshot,
    onFault,
    theme: (snapshot) => {
      const { id, stylesheets } = lookOf(snapshot).theme;
      return { id, stylesheets: stylesheets.map((file) => assets.url(`t/${id}`, file)), options: {} };
    },
  });
  defineCoreJobs(desk);
  const worker = new Worker(jobs, jobRegistry, log, { owner: processId, oversight });

  const koa = new Koa({ proxy: config.trustedProxies > 0, maxIpsCount: config.trustedProxies });
  koa.on('error', (error: unknown) => {
    // A browser that leaves a page also leaves its live updates.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      log.error('A response could not be finished.', { error });
  });
  const use = (middleware: Middleware): void => void koa.use((ctx, next) => middleware(ctx as unknown as Context, next));
  use(assets.middleware);
  const app: App = {
    desk,
    worker,
    processId,
    plugins,
    pages,
    faults: faultLog.recent,
    oversight,
    records,
    translatorOf,
    guard: () =>
      guardProcess({
        oversight,
        journal,
        log,
        folders: () => Object.fromEntries(plugins.known.map(({ id, folder }) => [id, folder])),
        watchdogMs: config.watchdogMs,
      }),
    callback: () => koa.callback(),
    start,
    activateTheme,
    themeScreenshot: () =>
      existsSync(path.join(theme.folder, 'screenshot.png')) ? assets.url(`t/${theme.id}`, 'screenshot.png') : undefined,
    setupLink,
    stop,
  };
  use(pinGeneration(app));
  use(
    requestBasics(desk, (ctx, locale, timeZone) =>
      translatorOf(
        snapshotOf(ctx, () => plugins.snapshot),
        locale,
        timeZone,
      ),
    ),
  );
  use(pluginScope(app));
  use(handleErrors(desk, (ctx, problem) => pages.error(ctx, problem)));
  use(sameOrigin(desk));
  for (const middleware of coreRoutes(app)) use(middleware);
  koa.use(
    dispatchPlugins({
      snapshot: () => plugins.snapshot,
      guard: (ctx, route) => guardPluginRoute(ctx as unknown as Context, route),
      oversight,
    }),
  );

  const timers: NodeJS.Timeout[] = [];
  let stopHints: () => Promise<void> = async () => undefined;
  async function start(): Promise<void> {
    linkCore(config.data);
    await readTheme();
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
    const follow = async (): Promise<void> => {
      await readTheme();
      await plugins.reconcile();
    };
    every(reconcileMs, follow);
    every(recordMs, () => records.flush());
    stopHints = storage.onGenerationHint(
      () => void follow().catch((error: unknown) => log.warn('A hint could not be followed; the next poll does.', { error })),
    );
    if (!runsJobs) return;
    worker.start();
    every(cronMs, () => desk.cron.tick());
    await desk.cron.tick();
  }

  async function readTheme(): Promise<void> {
    theme = findTheme(config, String((await settings.get('site'))['theme']));
  }

  async function activateTheme(id: string): Promise<void> {
    const folder = themeFolder(config, id);
    if (folder === undefined) throw new NotFound('themes.not-found', { theme: id, message: `There is no theme ${id}.` });
    await refuseFatal(config, folder);
    await settings.set('site', { theme: id });
    await readTheme();
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
    await stopHints();
    if (runsJobs) await worker.stop();
    await plugins.stop();
    await (role === 'command' ? faultLog.flush() : records.flush());
    stopWatchingQueries();
    mail.transports.close();
    if (options.storage === undefined) await storage.close();
  }

  return app;
}
