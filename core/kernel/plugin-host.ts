import { rmSync } from 'node:fs';
import path from 'node:path';
import { type ActivationPorts, type PluginKit, type PluginModule, PluginRun } from './activating.ts';
import { isRoute } from './contributions.ts';
import { type CrashJournal, crashReports, crashSentence } from './crash-journal.ts';
import { type Discovery, discover, type PluginRoot } from './discovery.ts';
import type { Tx } from '../storage/types.ts';
import { DeadlinePassed } from './deadline-wheel.ts';
import { AppError, Conflict, NotFound, Refused } from './errors.ts';
import { SerialQueue, untilEverywhere } from './generation.ts';
import type { HookBus } from './hook-bus.ts';
import { lockGeneration, readKernelState, setGeneration } from './kernel-state.ts';
import type { PluginFault } from './process-fault.ts';
import { desiredIds, Lifecycle, type LifecyclePorts } from './lifecycle.ts';
import type { Logger } from './log.ts';
import type { FoundPlugin } from './manifest.ts';
import type { Oversight } from './oversight.ts';
import { importFile, type ImportModule, type MigrationRunner, runPluginMigrations } from './plugin-migrations.ts';
import { forgetProcess, isOnlyVersion, pluginRows, type PluginRow, type ProcessIdentity, reportProcess } from './plugins-repository.ts';
import { quarantine, type QuarantinePorts } from './quarantine.ts';
import { type Blocked, resolve } from './resolve.ts';
import { prepareOnce } from './preparing.ts';
import { sentenceOf } from './sentence.ts';
import { ServiceRegistry } from './services.ts';
import { buildSnapshot, type Snapshot } from './snapshot.ts';
import type { Templates } from './templates.ts';

export interface PluginHostPorts<C> extends LifecyclePorts, QuarantinePorts {
  readonly log: Logger;
  readonly hooks: HookBus;
  readonly services?: ServiceRegistry;
  readonly roots: readonly PluginRoot[];
  readonly process: ProcessIdentity;
  readonly runMigrations: MigrationRunner;
  /** Builds what a plugin is given, from the kit and whatever the desk offers on top. */
  readonly makeContext: (plugin: FoundPlugin, kit: PluginKit, definition: PluginModule<C>) => C;
  onFault(fault: PluginFault): void;
  readonly oversight?: Oversight;
  /** Where a process that dies while it loads a plugin leaves its name. */
  readonly journal?: CrashJournal;
  /** Runs no plugin; what is desired and subscribed stays as it is. */
  readonly safeMode?: boolean;
  /** Changes plugins for others without running them, as a command does while the desk runs elsewhere. */
  readonly passive?: boolean;
  readonly activeByDefault?: readonly string[];
  /** What the configuration file says must be on, and nothing else. */
  readonly pinned?: readonly string[] | undefined;
  /** Runs in the transaction that ends a plugin's first preparation, such as giving roles its default permissions. */
  readonly onFirst?: (tx: Tx, plugin: FoundPlugin) => Promise<void>;
  /** Puts the version before back in place of one that cannot start; undefined when there is none. */
  readonly putBack?: (plugin: FoundPlugin, error: unknown) => Promise<boolean>;
  /** Portal addresses that no plugin may claim. */
  readonly reservedPaths?: readonly string[];
  readonly importModule?: ImportModule;
  /** `isWhole` is false for a snapshot without the plugins that somebody skips. */
  readonly templates?: (snapshot: Omit<Snapshot, 'templates'>, isWhole: boolean) => Templates | undefined;
  /** Milliseconds for import, activate and deactivate; 10,000 unless said otherwise. */
  readonly deadlineMs?: number;
  /** How long a change waits for the other processes; 5,000 ms unless said otherwise. */
  readonly patienceMs?: number;
}

export interface PluginStatus {
  readonly id: string;
  readonly found: FoundPlugin | undefined;
  readonly row: PluginRow | undefined;
  readonly isRunning: boolean;
  readonly blocked: Blocked | undefined;
}

// A third of the time after which a silent process counts as gone.
const heartbeatMs = 5000;
const liveForMs = 15_000;

/** Runs the desired plugins of this process and changes, for all processes, which are desired. */
export class PluginHost<C> {
  readonly services: ServiceRegistry;
  readonly #ports: PluginHostPorts<C>;
  readonly #lifecycle: Lifecycle;
  readonly #queue = new SerialQueue();
  readonly #migrations = new SerialQueue();
  readonly #runs = new Map<string, PluginRun<C>>();
  /** Plugin to the `changedAt` it failed at: it is tried again after the next change only. */
  readonly #failedAt = new Map<string, number>();
  /** Running plugins that may have contract steps to do. */
  readonly #contracting = new Set<string>();
  #order: readonly string[] = [];
  #found: Discovery = { plugins: [], broken: [] };
  #reported = { generation: -1, at: 0 };
  #snapshot: Snapshot;
  #isSwitching = false;
  #quarantined: readonly string[] = [];
  /** The same desk without some plugins, for those who asked for it; made when first needed. */
  readonly #without = new WeakMap<Snapshot, Map<string, Snapshot>>();

  constructor(ports: PluginHostPorts<C>) {
    this.#ports = ports;
    this.#lifecycle = new Lifecycle(ports);
    this.services = ports.services ?? new ServiceRegistry();
    this.#snapshot = this.#build(0);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What this desk is without the plugins that a request skips. */
  snapshotWithout(skip: ReadonlySet<string> | 'all'): Snapshot {
    const current = this.#snapshot;
    const key = skip === 'all' ? 'all' : [...skip].toSorted().join(' ');
    const known = this.#without.get(current) ?? new Map<string, Snapshot>();
    this.#without.set(current, known);
    const snapshot = known.get(key) ?? this.#build(current.generation, skip);
    known.set(key, snapshot);
    return snapshot;
  }

  /** The plugins that were found, running or not. */
  get known(): readonly FoundPlugin[] {
    return this.#found.plugins;
  }

  /** Folders that hold no usable plugin, with a sentence each. */
  get broken(): Discovery['broken'] {
    return this.#found.broken;
  }

  /** Activates what the database says is desired; a plugin that fails leaves the desk running. */
  async start(): Promise<void> {
    this.#found = await discover(this.#ports.roots);
    for (const { message, folder } of this.#found.broken) this.#ports.log.warn(message, { folder });
    await this.#lifecycle.enroll(this.#found.plugins, this.#ports.activeByDefault ?? []);
    if (this.#ports.pinned !== undefined) await this.#lifecycle.pin(this.#ports.pinned, this.#found.plugins);
    if (this.#ports.passive !== true) await this.#readJournal();
    await this.#queue.run('start', () => this.#switch());
    // A version that was put back is a new generation.
    await this.reconcile();
  }

  /** Deactivates everything here, in reverse; other processes and what is desired stay as they are. */
  async stop(): Promise<void> {
    await this.#queue.run('stop', async () => {
      for (const id of [...this.#order].toReversed()) await this.#stopPlugin(id);
      if (this.#ports.passive !== true) await forgetProcess(this.#ports.storage, this.#ports.process.id);
    });
  }

  /**
   * Switches a plugin on in every process.
   *
   * @throws NotFound, Refused `plugins.blocked`, Conflict `plugins.slug-taken`, Refused
   * `plugins.activation-failed`, Unavailable `plugins.not-everywhere`.
   */
  async activate(id: string, { changedBy = null }: { readonly changedBy?: number | null } = {}): Promise<void> {
    this.#requireUnpinned();
    const { storage } = this.#ports;
    this.#found = await discover(this.#ports.roots);
    await this.#lifecycle.enroll(this.#found.plugins, []);
    const plugin = this.#lifecycle.requireRunnable(id, this.#found.plugins, await pluginRows(storage.read));
    // Before the transaction: the ledger has its own lock, and tables of a plugin that stays off do no harm.
    await this.#migrate(plugin, await pluginRows(storage.read));
    const generation = await this.#lifecycle.switchOn(id, this.#found.plugins, changedBy);
    await this.#everywhere(generation);
    const row = (await pluginRows(storage.read)).find((one) => one.id === id);
    if (row?.rejectedVersion === plugin.version)
      throw new Refused('plugins.activation-failed', {
        plugin: id,
        message: `${id} ${plugin.version} cannot start, and ${row.provenVersion ?? 'the version before'} was put back: ${row.rejection ?? ''}`,
      });
    if (row?.state === 'failed')
      throw new Refused('plugins.activation-failed', { plugin: id, message: row.lastError ?? 'The plugin failed.' });
  }

  /**
   * Switches a plugin off in every process; its data and settings stay.
   *
   * @throws NotFound, Conflict `plugins.needed`, Unavailable `plugins.not-everywhere`.
   */
  async deactivate(
    id: string,
    { changedBy = null, withDependents = false }: { readonly changedBy?: number | null; readonly withDependents?: boolean } = {},
  ): Promise<void> {
    this.#requireUnpinned();
    this.#found = await discover(this.#ports.roots);
    await this.#everywhere(await this.#lifecycle.switchOff(id, this.#found.plugins, { changedBy, withDependents }));
  }

  /** Goes along with the generation that the database is at, and tells the others that this process lives. */
  async follow(generation: number): Promise<void> {
    if (generation !== this.#snapshot.generation) return this.reconcile();
    await this.#queue.run('follow', async () => {
      await this.#report();
      if (this.#contracting.size > 0) await this.#contract();
    });
  }

  /** Reads which generation the database is at, and follows it. */
  async reconcile(): Promise<void> {
    await this.#queue.run('reconcile', async () => {
      const { generation } = await readKernelState(this.#ports.storage.read);
      if (generation === this.#snapshot.generation) await this.#report();
      else await this.#switch();
      if (this.#contracting.size > 0) await this.#contract();
    });
  }

  /** Runs a plugin's own `uninstall` while it is off; that it fails is a fault and stops nobody. */
  async uninstalling(id: string, options: { readonly deleteData: boolean }): Promise<void> {
    const plugin = (await discover(this.#ports.roots)).plugins.find((one) => one.id === id);
    if (plugin === undefined) return;
    try {
      await new PluginRun(plugin, this.#activationPorts()).uninstall(options);
    } catch (error) {
      this.#ports.onFault({ plugin: id, hook: 'uninstall', kind: error instanceof DeadlinePassed ? 'timeout' : 'throw', error });
    }
  }

  /** Notes a plugin whose files were just put in place; `also` runs in the same transaction. @throws NotFound, Unavailable `plugins.not-everywhere`. */
  async noteInstalled(
    id: string,
    origin: { readonly source: string; readonly sha256: string },
    also: (tx: Tx) => Promise<void>,
  ): Promise<void> {
    this.#found = await discover(this.#ports.roots);
    const plugin = this.#found.plugins.find((one) => one.id === id);
    if (plugin === undefined) throw new NotFound('plugins.not-found', { plugin: id, message: `There is no plugin ${id}.` });
    await this.#everywhere(await this.#lifecycle.noteInstalled(plugin, origin, also));
  }

  /** Why a plugin could not run with the others as they are; undefined when it could. */
  async whyNot(plugin: FoundPlugin): Promise<string | undefined> {
    const rows = await pluginRows(this.#ports.storage.read);
    const others = (await discover(this.#ports.roots)).plugins.filter(({ id }) => id !== plugin.id);
    const all = [...others, plugin];
    try {
      this.#lifecycle.requireRunnable(plugin.id, all, rows);
    } catch (error) {
      if (error instanceof AppError) return sentenceOf(error);
      throw error;
    }
    return resolve(all, [...desiredIds(rows), plugin.id], this.#ports.apiVersion).blocked.find(({ chain }) => chain.includes(plugin.id))
      ?.message;
  }

  /** Makes every process build its snapshot anew, as after a change of the theme. @throws Unavailable `plugins.not-everywhere`. */
  async refresh(): Promise<void> {
    const generation = await this.#ports.storage.writeTx(async (tx) => {
      const next = (await lockGeneration(tx)) + 1;
      await setGeneration(tx, next);
      return next;
    });
    await this.#everywhere(generation);
  }

  /** Builds the snapshot anew from what runs, after something that templates depend on changed in this process. */
  rebuild(): void {
    if (!this.#isSwitching) this.#snapshot = this.#build(this.#snapshot.generation);
  }

  /** Stops a plugin that keeps failing, in every process, until somebody switches it on again. */
  async quarantine(id: string, reason: string): Promise<void> {
    if (await quarantine(this.#ports, id, reason)) await this.reconcile();
  }

  async list(): Promise<readonly PluginStatus[]> {
    const rows = await pluginRows(this.#ports.storage.read);
    const { plugins } = await discover(this.#ports.roots);
    const { blocked } = resolve(plugins, desiredIds(rows), this.#ports.apiVersion);
    const ids = new Set([...rows, ...plugins].map(({ id }) => id));
    return [...ids].toSorted().map((id) => ({
      id,
      found: plugins.find((one) => one.id === id),
      row: rows.find((one) => one.id === id),
      isRunning: this.#runs.has(id),
      blocked: blocked.find((one) => one.id === id),
    }));
  }

  async #everywhere(generation: number): Promise<void> {
    await this.reconcile();
    const { storage, clock, patienceMs = 5000 } = this.#ports;
    await untilEverywhere(storage, clock, { generation, patienceMs });
  }

  async #switch(): Promise<void> {
    const { storage, hooks, apiVersion, safeMode = false, passive = false } = this.#ports;
    const { generation } = await readKernelState(storage.read);
    const rows = await pluginRows(storage.read);
    this.#found = await discover(this.#ports.roots);
    const { order, blocked } =
      safeMode || passive ? { order: [], blocked: [] } : resolve(this.#found.plugins, desiredIds(rows), apiVersion);

    // New ones first, then the new snapshot at once, then the old ones: no request sees a state in between.
    const leaving = this.#order.filter((id) => !order.includes(id)).toReversed();
    for (const id of leaving) this.services.removePlugin(id);
    this.#isSwitching = true;
    try {
      this.#order = order;
      hooks.setLoadOrders(new Map(order.map((id, index) => [id, index])));
      for (const id of order) await this.#startPlugin(id, rows);
      this.#quarantined = rows.filter(({ state, isDesired }) => isDesired && state === 'quarantined').map(({ id }) => id);
      this.#snapshot = this.#build(generation);
    } finally {
      this.#isSwitching = false;
    }
    for (const id of leaving) await this.#stopPlugin(id);
    this.#announceWaiting();
    for (const { id, reason, message } of blocked) {
      const row = rows.find((one) => one.id === id);
      if (row !== undefined) await this.#lifecycle.noteState(row, reason === 'missing' ? 'missing' : 'failed', message);
    }
    await this.#report();
  }

  async #startPlugin(id: string, rows: readonly PluginRow[]): Promise<void> {
    const plugin = this.#found.plugins.find((one) => one.id === id);
    const row = rows.find((one) => one.id === id);
    if (plugin === undefined || row === undefined) return;
    const running = this.#runs.get(id);
    if (running !== undefined) {
      // Node cannot unload modules, so new code needs a new process.
      if (running.plugin.version !== plugin.version)
        await this.#lifecycle.noteState(row, 'upgrading', `Restart to run ${id} ${plugin.version}.`);
      return;
    }
    const isProven = row.provenVersion === null || row.provenVersion === plugin.version;
    if (this.#failedAt.get(id) === row.changedAt) return;
    const { journal } = this.#ports;
    journal?.note({ phase: 'import', plugin: id, version: plugin.version });
    try {
      this.#requireRunning(plugin);
      await this.#migrate(plugin, rows);
      await this.#run(plugin);
      this.#failedAt.delete(id);
      await this.#lifecycle.noteActive(plugin, row, this.#ports.hooks.declarations(id));
    } catch (error) {
      await this.#stopPlugin(id);
      if (!isProven && (await this.#putBack(plugin, row, error))) return;
      this.#failedAt.set(id, row.changedAt);
      this.#ports.onFault({ plugin: id, hook: 'activate', kind: error instanceof DeadlinePassed ? 'timeout' : 'throw', error });
      await this.#lifecycle.noteState(row, 'failed', sentenceOf(error));
    } finally {
      journal?.clear();
    }
  }

  // Whoever killed the last process is not given a second chance without an administrator.
  async #readJournal(): Promise<void> {
    const { journal, clock, onFault, log } = this.#ports;
    if (journal === undefined) return;
    for (const report of crashReports(path.dirname(journal.file), clock.now())) {
      const sentence = crashSentence(report);
      log.error(sentence, { phase: report.phase, plugin: report.plugin, hook: report.hook });
      if (report.plugin !== undefined) {
        const error = new Error(sentence);
        error.stack = [sentence, report.stack].filter((part) => part !== undefined).join('\n');
        const kind = report.phase === 'blocked' ? 'blocked' : 'exit';
        onFault({ plugin: report.plugin, hook: report.hook ?? report.phase, kind, error });
        await quarantine(this.#ports, report.plugin, sentence);
      }
      rmSync(report.file, { force: true });
    }
  }

  // One at a time: SQLite waits for its lock inside a thread, and a few that wait leave none for the one that works.
  #migrate(plugin: FoundPlugin, rows: readonly PluginRow[]): Promise<void> {
    const row = rows.find(({ id }) => id === plugin.id);
    // On a first installation nobody uses what a contract step drops.
    const skipsContract = row !== undefined && row.preparedVersion !== null;
    if (skipsContract) this.#contracting.add(plugin.id);
    const tolerates = row?.rejectedVersion ?? undefined;
    return this.#migrations.run(
      plugin.id,
      async () => void (await runPluginMigrations(plugin, { ...this.#ports, skipsContract, tolerates })),
    );
  }

  // Drops what the version before used, once no process runs that any more.
  async #contract(): Promise<void> {
    const { storage, clock } = this.#ports;
    for (const id of this.#contracting) {
      const plugin = this.#runs.get(id)?.plugin;
      if (plugin === undefined || !(await isOnlyVersion(storage.read, plugin, clock.now() - liveForMs))) continue;
      const row = (await pluginRows(storage.read)).find((one) => one.id === id);
      this.#contracting.delete(id);
      try {
        await this.#migrations.run(`${id} contract`, async () => {
          await runPluginMigrations(plugin, { ...this.#ports, tolerates: row?.rejectedVersion ?? undefined });
        });
      } catch (error) {
        this.#ports.onFault({ plugin: id, hook: 'migrations', kind: 'throw', error });
      }
    }
  }

  // The process that notes it first moves the files; the next generation runs the old version everywhere.
  async #putBack(plugin: FoundPlugin, row: PluginRow, error: unknown): Promise<boolean> {
    if (this.#ports.putBack === undefined) return false;
    if (!(await this.#lifecycle.reject(plugin, row, sentenceOf(error)))) return true;
    if (!(await this.#ports.putBack(plugin, error))) return false;
    await this.#lifecycle.tryAgain(plugin.id);
    return true;
  }

  #requireUnpinned(): void {
    if (this.#ports.pinned === undefined) return;
    throw new Conflict('plugins.pinned', { message: 'The configuration file decides which plugins run; change it there.' });
  }

  async #run(plugin: FoundPlugin): Promise<void> {
    this.#announceWaiting();
    const run = new PluginRun(plugin, this.#activationPorts());
    await run.start(this.#order.indexOf(plugin.id));
    this.#runs.set(plugin.id, run);
    for (const { kind, name, handlers } of this.#ports.hooks.undefinedIn(namespacesOf(plugin))) {
      const listeners = handlers.map((one) => one.plugin).join(', ');
      this.#ports.log.warn(`${listeners} waits for the ${kind} ${name}, which ${plugin.id} does not define.`);
    }
  }

  async #stopPlugin(id: string): Promise<void> {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    await run.stop(() => {
      if (this.#order.includes(id)) this.#snapshot = this.#build(this.#snapshot.generation);
    });
  }

  #requireRunning({ id, manifest }: FoundPlugin): void {
    const failed = Object.keys(manifest.requires ?? {}).find((needed) => !this.#runs.has(needed));
    if (failed !== undefined) throw new Refused('plugins.blocked', { plugin: id, message: `${id} needs ${failed}, which failed.` });
  }

  // Handlers may be registered ahead for plugins that are off or come later in the load order.
  #announceWaiting(): void {
    this.#ports.hooks.setWaitingNamespaces(this.#found.plugins.filter(({ id }) => !this.#runs.has(id)).flatMap(namespacesOf));
  }

  #activationPorts(): ActivationPorts<C> {
    const { hooks, importModule = importFile, makeContext, reservedPaths = [], deadlineMs = 10_000, onFault } = this.#ports;
    return {
      hooks,
      services: this.services,
      importModule,
      makeContext,
      reservedPaths,
      deadlineMs,
      onFault,
      prepare: (plugin, work) => prepareOnce(this.#ports, plugin, work),
      onActivating: ({ id, version }) => this.#ports.journal?.note({ phase: 'activate', plugin: id, version }),
      routes: () => this.#order.flatMap((id) => this.#runs.get(id)?.contributions.filter(isRoute) ?? []),
      onChange: () => {
        if (!this.#isSwitching) this.#snapshot = this.#build(this.#snapshot.generation);
      },
    };
  }

  #build(generation: number, skip?: ReadonlySet<string> | 'all'): Snapshot {
    const runs = this.#order.flatMap((id) => (skip === 'all' || skip?.has(id) === true ? [] : (this.#runs.get(id) ?? [])));
    const { onFault, oversight, templates } = this.#ports;
    return buildSnapshot({
      generation,
      oversight,
      quarantined: this.#quarantined,
      plugins: runs.map(({ plugin }) => plugin),
      contributions: runs.flatMap(({ contributions }) => contributions),
      onFault,
      ...(templates !== undefined && { templates: (base) => templates(base, skip === undefined) }),
    });
  }

  async #report(): Promise<void> {
    const { storage, process, clock, passive = false } = this.#ports;
    const { generation } = this.#snapshot;
    const isFresh = this.#reported.generation === generation && Math.abs(clock.now() - this.#reported.at) < heartbeatMs;
    if (passive || isFresh) return;
    this.#reported = { generation, at: clock.now() };
    const versions = new Map([...this.#runs.values()].map(({ plugin }) => [plugin.id, plugin.version]));
    await reportProcess(storage, process, { generation, now: clock.now(), versions });
  }
}

function namespacesOf({ id, manifest }: FoundPlugin): readonly string[] {
  return manifest.db === undefined ? [id] : [id, manifest.db.slug];
}
