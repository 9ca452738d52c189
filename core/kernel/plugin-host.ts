import type { Tx } from '../storage/types.ts';
import { type Discovery, discover } from './discovery.ts';
import { Conflict, NotFound, Refused } from './errors.ts';
import { SerialQueue, untilEverywhere } from './generation.ts';
import { lockGeneration, readKernelState, setGeneration } from './kernel-state.ts';
import { desiredIds, Lifecycle } from './lifecycle.ts';
import type { FoundPlugin } from './manifest.ts';
import type { PluginHostPorts, PluginStatus } from './plugin-host-ports.ts';
import { forgetProcess, pluginRows } from './plugins-repository.ts';
import { quarantine } from './quarantine.ts';
import { quarantineCulprits } from './reading-journal.ts';
import { resolve } from './resolve.ts';
import { RunningPlugins } from './running-plugins.ts';
import type { ServiceRegistry } from './services.ts';
import type { Skip, Snapshot } from './snapshot.ts';

/** The plugins of a desk: changes, for all processes, which are desired, and lets this one follow. */
export class PluginHost<C> {
  readonly #ports: PluginHostPorts<C>;
  readonly #lifecycle: Lifecycle;
  readonly #running: RunningPlugins<C>;
  readonly #queue = new SerialQueue();

  constructor(ports: PluginHostPorts<C>) {
    this.#ports = ports;
    this.#lifecycle = new Lifecycle(ports);
    this.#running = new RunningPlugins(ports, this.#lifecycle);
  }

  get services(): ServiceRegistry {
    return this.#running.services;
  }

  get snapshot(): Snapshot {
    return this.#running.snapshots.current;
  }

  /** What this desk is without the plugins that a request skips. */
  snapshotWithout(skip: Skip): Snapshot {
    return this.#running.snapshots.without(skip);
  }

  /** The plugins that were found, running or not. */
  get known(): readonly FoundPlugin[] {
    return this.#running.found.plugins;
  }

  /** Folders that hold no usable plugin, with a sentence each. */
  get broken(): Discovery['broken'] {
    return this.#running.found.broken;
  }

  /** Activates what the database says is desired; a plugin that fails leaves the desk running. */
  async start(): Promise<void> {
    const { journal, log, pinned, activeByDefault = [], passive = false } = this.#ports;
    const { plugins, broken } = await this.#running.look();
    for (const { message, folder } of broken) log.warn(message, { folder });
    await this.#lifecycle.enroll(plugins, activeByDefault);
    if (pinned !== undefined) await this.#lifecycle.pin(pinned, plugins);
    if (journal !== undefined && !passive) await quarantineCulprits(journal, this.#ports);
    await this.#queue.run('start', () => this.#running.switch());
    // A version that was put back is a new generation.
    await this.reconcile();
  }

  /** Deactivates everything here, in reverse; other processes and what is desired stay as they are. */
  async stop(): Promise<void> {
    await this.#queue.run('stop', async () => {
      await this.#running.stopAll();
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
    const { plugins } = await this.#running.look();
    await this.#lifecycle.enroll(plugins, []);
    const plugin = this.#lifecycle.requireRunnable(id, plugins, await pluginRows(storage.read));
    // Before the transaction: the ledger has its own lock, and tables of a plugin that stays off do no harm.
    await this.#running.migrating.expand(plugin, await pluginRows(storage.read));
    const generation = await this.#lifecycle.switchOn(id, plugins, changedBy);
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
    const { plugins } = await this.#running.look();
    await this.#everywhere(await this.#lifecycle.switchOff(id, plugins, { changedBy, withDependents }));
  }

  /** Goes along with the generation that the database is at, and tells the others that this process lives. */
  async follow(generation: number): Promise<void> {
    if (generation !== this.snapshot.generation) return this.reconcile();
    await this.#queue.run('follow', () => this.#running.report());
  }

  /** Reads which generation the database is at, and follows it. */
  async reconcile(): Promise<void> {
    await this.#queue.run('reconcile', async () => {
      const { generation } = await readKernelState(this.#ports.storage.read);
      await (generation === this.snapshot.generation ? this.#running.report() : this.#running.switch());
    });
  }

  /** Runs a plugin's own `uninstall` while it is off; that it fails is a fault and stops nobody. */
  async uninstalling(id: string, options: { readonly deleteData: boolean }): Promise<void> {
    const plugin = (await this.#running.look()).plugins.find((one) => one.id === id);
    if (plugin !== undefined) await this.#running.uninstall(plugin, options);
  }

  /** Notes a plugin whose files were just put in place; `also` runs in the same transaction. @throws NotFound, Unavailable `plugins.not-everywhere`. */
  async noteInstalled(
    id: string,
    origin: { readonly source: string; readonly sha256: string },
    also: (tx: Tx) => Promise<void>,
  ): Promise<void> {
    const plugin = (await this.#running.look()).plugins.find((one) => one.id === id);
    if (plugin === undefined) throw new NotFound('plugins.not-found', { plugin: id, message: `There is no plugin ${id}.` });
    await this.#everywhere(await this.#lifecycle.noteInstalled(plugin, origin, also));
  }

  /** Why a plugin could not run with the others as they are; undefined when it could. */
  async whyNot(plugin: FoundPlugin): Promise<string | undefined> {
    const others = (await discover(this.#ports.roots)).plugins.filter(({ id }) => id !== plugin.id);
    return this.#lifecycle.whyNot(plugin, others, await pluginRows(this.#ports.storage.read));
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
    this.#running.rebuild();
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
      isRunning: this.#running.isRunning(id),
      blocked: blocked.find((one) => one.id === id),
    }));
  }

  async #everywhere(generation: number): Promise<void> {
    await this.reconcile();
    const { storage, clock, patienceMs = 5000 } = this.#ports;
    await untilEverywhere(storage, clock, { generation, patienceMs });
  }

  #requireUnpinned(): void {
    if (this.#ports.pinned === undefined) return;
    throw new Conflict('plugins.pinned', { message: 'The configuration file decides which plugins run; change it there.' });
  }
}
