import { type ActivationPorts, PluginRun } from './activating.ts';
import { isRoute } from './contributions.ts';
import { DeadlinePassed } from './deadline-wheel.ts';
import { type Discovery, discover } from './discovery.ts';
import { Refused } from './errors.ts';
import { Heartbeat } from './generation.ts';
import { readKernelState } from './kernel-state.ts';
import { desiredIds, type Lifecycle } from './lifecycle.ts';
import type { FoundPlugin } from './manifest.ts';
import { PluginMigrating } from './migrating.ts';
import type { PluginHostPorts } from './plugin-host-ports.ts';
import { importFile } from './plugin-migrations.ts';
import { pluginRows, type PluginRow } from './plugins-repository.ts';
import { prepareOnce } from './preparing.ts';
import { resolve } from './resolve.ts';
import { sentenceOf } from './sentence.ts';
import { ServiceRegistry } from './services.ts';
import { buildSnapshot, type Skip, type Snapshot, Snapshots } from './snapshot.ts';

/** What runs in this process: brings it to what the database says is desired, and publishes what requests see. One call at a time. */
export class RunningPlugins<C> {
  readonly services: ServiceRegistry;
  readonly snapshots: Snapshots;
  readonly migrating: PluginMigrating;
  readonly #ports: PluginHostPorts<C>;
  readonly #lifecycle: Lifecycle;
  readonly #heartbeat: Heartbeat;
  readonly #runs = new Map<string, PluginRun<C>>();
  /** Plugin to the `changedAt` it failed at: it is tried again after the next change only. */
  readonly #failedAt = new Map<string, number>();
  #order: readonly string[] = [];
  #found: Discovery = { plugins: [], broken: [] };
  #isSwitching = false;
  #quarantined: readonly string[] = [];

  constructor(ports: PluginHostPorts<C>, lifecycle: Lifecycle) {
    this.#ports = ports;
    this.#lifecycle = lifecycle;
    this.#heartbeat = new Heartbeat(ports);
    this.services = ports.services ?? new ServiceRegistry();
    this.migrating = new PluginMigrating(ports);
    this.snapshots = new Snapshots((generation, skip) => this.#build(generation, skip));
  }

  /** What lay there at the last look. */
  get found(): Discovery {
    return this.#found;
  }

  isRunning(id: string): boolean {
    return this.#runs.has(id);
  }

  /** Looks what lies there now. */
  async look(): Promise<Discovery> {
    this.#found = await discover(this.#ports.roots);
    return this.#found;
  }

  /** Says that this process lives and what it runs, and drops what nobody runs any more. */
  async report(): Promise<void> {
    if (this.#ports.passive !== true)
      await this.#heartbeat.beat(
        this.snapshots.current.generation,
        new Map([...this.#runs.values()].map(({ plugin }) => [plugin.id, plugin.version])),
      );
    await this.migrating.contract((id) => this.#runs.get(id)?.plugin);
  }

  /** Starts and stops what the database asks for. */
  async switch(): Promise<void> {
    const { storage, hooks, apiVersion, safeMode = false, passive = false } = this.#ports;
    const { generation } = await readKernelState(storage.read);
    const rows = await pluginRows(storage.read);
    const { plugins } = await this.look();
    const { order, blocked } = safeMode || passive ? { order: [], blocked: [] } : resolve(plugins, desiredIds(rows), apiVersion);

    // New ones first, then the new snapshot at once, then the old ones: no request sees a state in between.
    const leaving = this.#order.filter((id) => !order.includes(id)).toReversed();
    for (const id of leaving) this.services.removePlugin(id);
    this.#isSwitching = true;
    try {
      this.#order = order;
      hooks.setLoadOrders(new Map(order.map((id, index) => [id, index])));
      for (const id of order) await this.#startPlugin(id, rows);
      this.#quarantined = rows.filter(({ state, isDesired }) => isDesired && state === 'quarantined').map(({ id }) => id);
      this.snapshots.publish(generation);
    } finally {
      this.#isSwitching = false;
    }
    for (const id of leaving) await this.#stopPlugin(id);
    this.#announceWaiting();
    for (const { id, reason, message } of blocked) {
      const row = rows.find((one) => one.id === id);
      if (row !== undefined) await this.#lifecycle.noteState(row, reason === 'missing' ? 'missing' : 'failed', message);
    }
    await this.report();
  }

  /** Stops everything here, in reverse. */
  async stopAll(): Promise<void> {
    for (const id of [...this.#order].toReversed()) await this.#stopPlugin(id);
  }

  /** Publishes anew what runs, unless that is under way already. */
  rebuild(): void {
    if (!this.#isSwitching) this.snapshots.publish();
  }

  /** Runs the own `uninstall` of a plugin that is off; that it fails is a fault and stops nobody. */
  async uninstall(plugin: FoundPlugin, options: { readonly deleteData: boolean }): Promise<void> {
    try {
      await new PluginRun(plugin, this.#activationPorts()).uninstall(options);
    } catch (error) {
      this.#ports.onFault({ plugin: plugin.id, hook: 'uninstall', kind: error instanceof DeadlinePassed ? 'timeout' : 'throw', error });
    }
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
      await this.migrating.expand(plugin, rows);
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

  // The process that notes it first moves the files; the next generation runs the old version everywhere.
  async #putBack(plugin: FoundPlugin, row: PluginRow, error: unknown): Promise<boolean> {
    if (this.#ports.putBack === undefined) return false;
    if (!(await this.#lifecycle.reject(plugin, row, sentenceOf(error)))) return true;
    if (!(await this.#ports.putBack(plugin, error))) return false;
    await this.#lifecycle.tryAgain(plugin.id);
    return true;
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
      if (this.#order.includes(id)) this.snapshots.publish();
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
      onChange: () => this.rebuild(),
    };
  }

  #build(generation: number, skip?: Skip): Snapshot {
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
}

function namespacesOf({ id, manifest }: FoundPlugin): readonly string[] {
  return manifest.db === undefined ? [id] : [id, manifest.db.slug];
}
