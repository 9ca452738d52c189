import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type Koa from 'koa';
import { issueSetupToken, Throttle } from './auth/index.ts';
import { Background } from './background.ts';
import type { Config } from './config.ts';
import type { Sabotage } from './conformance/index.ts';
import type { Desk } from './desk.ts';
import { defineCoreHooks, defineCoreJobs, durableSource } from './core-registrations.ts';
import { EventLog, replaceSubscriptions } from './events/index.ts';
import { FileStore } from './files/index.ts';
import { hostPlugins } from './hosting-plugins.ts';
import { Pages } from './http/pages.ts';
import { serve } from './http/serving.ts';
import type { Middleware } from './http/request-state.ts';
import { Cron, JobQueue, JobRegistry, Worker } from './jobs/index.ts';
import type { Translator } from './i18n/index.ts';
import type { Clock } from './kernel/clock.ts';
import { CrashJournal, journalFolder } from './kernel/crash-journal.ts';
import { FaultLog } from './kernel/fault-log.ts';
import { SerialQueue } from './kernel/generation.ts';
import { HookBus } from './kernel/hook-bus.ts';
import { askForRestart, readKernelState } from './kernel/kernel-state.ts';
import type { Logger } from './kernel/log.ts';
import { Oversight } from './kernel/oversight.ts';
import type { PluginHost } from './kernel/plugin-host.ts';
import { PluginRecords } from './kernel/plugin-records.ts';
import type { PluginFault } from './kernel/process-fault.ts';
import { guardProcess } from './kernel/process-guard.ts';
import type { Snapshot } from './kernel/snapshot.ts';
import { watchSql } from './kernel/sql-profile.ts';
import { LiveHub } from './live/hub.ts';
import { Presence } from './live/presence.ts';
import { Mail } from './mail/index.ts';
import { notifyingEvents, notifyingHandler } from './notifications/index.ts';
import { linkCore } from './operations/index.ts';
import { NotFound } from './kernel/errors.ts';
import { coreVersion } from './paths.ts';
import type { PluginContext } from './plugin-context.ts';
import { mailSettings, mailSignInSettings, Secrets, Settings, siteSettings, ticketSettings } from './settings/index.ts';
import { migrateCore, openStorage, type Storage } from './storage/index.ts';
import { refuseFatal, resolveTheme, themeFolder } from './theme/index.ts';
import { Theming } from './theming.ts';
import { Statuses } from './tickets/index.ts';
import './plugin-events.ts';
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
  /** Runs before everything but the assets; for programs that serve a desk with something around it. */
  readonly middleware?: readonly Middleware[];
  /** Changes plugins for the processes that run elsewhere, and runs none here. */
  readonly isPassive?: boolean;
  /** Milliseconds that a part of a page may load where its plugin says nothing; default 300. */
  readonly slotDeadlineMs?: number;
  /** For trials: lets handlers of plugins fail on demand. */
  readonly sabotage?: Pick<Sabotage, 'wrap'>;
  /** Ends this process so that its parent starts another; absent when nobody would. */
  readonly onRestart?: () => void;
}

/** A whole desk in one object. `start` brings up its workers and plugins, `callback` answers requests. */
export interface App {
  readonly desk: Desk;
  readonly worker: Worker;
  /** Of this process's row in `processes`. */
  readonly processId: string;
  readonly plugins: PluginHost<PluginContext>;
  readonly pages: Pages;
  readonly theming: Theming;
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
  /** Whether `restart` starts anew what runs here. */
  readonly isSupervised: boolean;
  /** Asks every supervised process of this desk to start anew, one that runs elsewhere within seconds. */
  restart(): Promise<void>;
  /** Starts plugins and, by role, workers and timers. */
  start(): Promise<void>;
  /** Goes along with what other processes changed. Happens each second by itself, in one query while nothing did. */
  follow(): Promise<void>;
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

const followMs = 1000;
const cronMs = 15_000;
const recordMs = 10_000;
/** Builds a desk: the only place that makes things and ties them together. */
export async function createApp(options: AppOptions): Promise<App> {
  if (options.storage !== undefined) return buildApp(options, options.storage);
  const { config, log } = options;
  const storage = openStorage({
    log,
    ...(config.databaseUrl === undefined ? { file: path.join(config.data, 'helpdesk.sqlite') } : { url: config.databaseUrl }),
  });
  try {
    return await buildApp(options, storage);
  } catch (error) {
    // Its connections would keep a process alive that has nothing to do.
    await storage.close();
    throw error;
  }
}

async function buildApp(options: AppOptions, storage: Storage): Promise<App> {
  const { config, clock, log, role } = options;
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
      const reason = theming.translatorFor(null).t('plugin.quarantine.reason', { plugin, hook });
      plugins.quarantine(plugin, reason).catch((error: unknown) => log.error('A plugin could not be quarantined.', { plugin, error }));
    }),
    timesAll: config.isDevelopment,
  });
  if (options.slotDeadlineMs !== undefined) oversight.slotDeadlineMs = options.slotDeadlineMs;
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
  settings.define('mail-sign-in', mailSignInSettings);

  const theming = new Theming({ config, log, storage, settings, oversight });
  const translatorOf: App['translatorOf'] = (snapshot, locale, timeZone) => theming.of(snapshot).translatorFor(locale, timeZone);

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
  const plugins = hostPlugins({ desk, theming, oversight, journal, processId, options, pages: () => pages });
  jobRegistry.addSource(durableSource(hooks, () => plugins.snapshot));
  const pages = new Pages({
    desk,
    snapshot: () => plugins.snapshot,
    onFault,
    theming,
  });
  defineCoreJobs(desk);
  const worker = new Worker(jobs, jobRegistry, log, { owner: processId, oversight });

  const startedAt = clock.now();
  // One after the other: a hint may come while the poll is at it.
  const following = new SerialQueue();
  const follow = (): Promise<void> =>
    following.run('follow', async () => {
      const { generation, settingsVersion, restartAt = 0 } = await readKernelState(storage.read);
      await settings.follow(settingsVersion);
      if (await theming.read()) plugins.rebuild();
      await plugins.follow(generation);
      if (restartAt > startedAt) options.onRestart?.();
    });

  const app: App = {
    desk,
    worker,
    processId,
    plugins,
    pages,
    theming,
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
    isSupervised: options.onRestart !== undefined,
    restart: () => askForRestart(storage, clock.now()),
    start,
    follow,
    activateTheme,
    setupLink,
    stop,
  };
  const koa = serve(app, options.middleware);
  const background = new Background(log);
  let stopHints: () => Promise<void> = async () => undefined;
  async function start(): Promise<void> {
    linkCore(config.data);
    await settings.follow((await readKernelState(storage.read)).settingsVersion);
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
    background.every(followMs, follow);
    background.every(recordMs, () => records.flush());
    stopHints = storage.onChangeHint(
      () => void follow().catch((error: unknown) => log.warn('A hint could not be followed; the next poll does.', { error })),
    );
    if (!runsJobs) return;
    worker.start();
    background.every(cronMs, () => desk.cron.tick());
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

  async function setupLink(): Promise<string | undefined> {
    const token = await issueSetupToken(desk);
    return token === undefined ? undefined : new URL(`/setup?token=${token}`, config.url).href;
  }

  async function stop(): Promise<void> {
    background.stop();
    await stopHints();
    if (runsJobs) await worker.stop();
    await plugins.stop();
    await (role === 'command' ? faultLog.flush() : records.flush());
    stopWatchingQueries();
    await mail.close();
    if (options.storage === undefined) await storage.close();
  }

  return app;
}
