import type { Storage, Tx } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import { AppError, Conflict, NotFound, Refused } from './errors.ts';
import type { DurableDeclaration } from './hook-bus.ts';
import type { FoundPlugin } from './manifest.ts';
import { lockGeneration, setGeneration } from './kernel-state.ts';
import { insertPlugin, type PluginRow, pluginRows, type PluginState, updatePlugin } from './plugins-repository.ts';
import { dependentsOf, resolve } from './resolve.ts';
import { sentenceOf } from './sentence.ts';

/** Where the durable wishes of plugins are kept; rows, so that they outlive safe mode and quarantine. */
export interface SubscriptionStore {
  replace(tx: Tx, pluginId: string, declarations: readonly DurableDeclaration[]): Promise<void>;
  end(tx: Tx, pluginId: string): Promise<void>;
}

export interface LifecyclePorts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly apiVersion: string;
  readonly subscriptions: SubscriptionStore;
}

/** The part of a lifecycle change that is written: each change is one transaction and a new generation. */
export class Lifecycle {
  readonly #ports: LifecyclePorts;

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
  }

  /** Gives every found plugin a row. On the first start of a desk `activeByDefault` become desired. */
  async enroll(found: readonly FoundPlugin[], activeByDefault: readonly string[]): Promise<void> {
    const known = new Set((await pluginRows(this.#ports.storage.read)).map(({ id }) => id));
    if (found.every(({ id }) => known.has(id))) return;
    await this.#ports.storage.writeTx(async (tx) => {
      await lockGeneration(tx);
      const rows = await pluginRows(tx);
      for (const plugin of found) {
        if (rows.some(({ id }) => id === plugin.id)) continue;
        const isDesired = rows.length === 0 && activeByDefault.includes(plugin.id);
        await insertPlugin(tx, this.#newRow(plugin, isDesired));
      }
    });
  }

  /**
   * Fails before anything is touched when the plugin could not run.
   *
   * @throws NotFound `plugins.not-found`, Refused `plugins.blocked`, Conflict `plugins.slug-taken`.
   */
  requireRunnable(id: string, found: readonly FoundPlugin[], rows: readonly PluginRow[]): FoundPlugin {
    const plugin = found.find((one) => one.id === id);
    if (plugin === undefined) throw new NotFound('plugins.not-found', { plugin: id, message: `There is no plugin ${id}.` });
    const { blocked } = resolve(found, [...desiredIds(rows), id], this.#ports.apiVersion);
    const reason = blocked.find((one) => one.id === id);
    if (reason !== undefined) throw new Refused('plugins.blocked', { ...reason });
    const slug = plugin.manifest.db?.slug;
    const owner =
      slug === undefined
        ? undefined
        : rows.find((row) => row.id !== id && row.slug === slug && (row.isDesired || row.state !== 'installed'));
    if (owner !== undefined) {
      throw new Conflict('plugins.slug-taken', {
        plugin: id,
        owner: owner.id,
        message: `${id} names its tables p_${slug}_, and ${owner.id} has data there.`,
      });
    }
    return plugin;
  }

  /** Why a plugin could not run with the others as they are; undefined when it could. */
  whyNot(plugin: FoundPlugin, others: readonly FoundPlugin[], rows: readonly PluginRow[]): string | undefined {
    const all = [...others, plugin];
    try {
      this.requireRunnable(plugin.id, all, rows);
    } catch (error) {
      if (error instanceof AppError) return sentenceOf(error);
      throw error;
    }
    const { blocked } = resolve(all, [...desiredIds(rows), plugin.id], this.#ports.apiVersion);
    return blocked.find(({ chain }) => chain.includes(plugin.id))?.message;
  }

  /** Makes a plugin desired and returns the generation that runs it; unchanged when it is desired and not failed. */
  async switchOn(id: string, found: readonly FoundPlugin[], changedBy: number | null): Promise<number> {
    return this.#ports.storage.writeTx(async (tx) => {
      const generation = await lockGeneration(tx);
      const rows = await pluginRows(tx);
      const plugin = this.requireRunnable(id, found, rows);
      const row = rows.find((one) => one.id === id);
      if (row?.isDesired === true && (row.state === 'active' || row.state === 'installed')) return generation;

      if (row === undefined) await insertPlugin(tx, this.#newRow(plugin, true));
      const { version, slug } = this.#newRow(plugin, true);
      await updatePlugin(tx, id, {
        version,
        slug,
        isDesired: true,
        state: 'installed',
        lastError: null,
        changedBy,
        changedAt: this.#later(row),
      });
      const { order } = resolve(found, [...desiredIds(rows), id], this.#ports.apiVersion);
      for (const [loadOrder, one] of order.entries()) await updatePlugin(tx, one, { loadOrder });
      await setGeneration(tx, generation + 1);
      return generation + 1;
    });
  }

  /**
   * Makes plugins undesired and ends their subscriptions.
   *
   * @throws Conflict `plugins.needed` naming the dependents, unless they go along.
   */
  async switchOff(
    id: string,
    found: readonly FoundPlugin[],
    options: { readonly changedBy: number | null; readonly withDependents: boolean },
  ): Promise<number> {
    const { changedBy, withDependents } = options;
    return this.#ports.storage.writeTx(async (tx) => {
      const generation = await lockGeneration(tx);
      const rows = await pluginRows(tx);
      const row = rows.find((one) => one.id === id);
      if (row === undefined) throw new NotFound('plugins.not-found', { plugin: id, message: `There is no plugin ${id}.` });
      if (!row.isDesired) return generation;

      const dependents = dependentsOf(id, found, desiredIds(rows));
      if (dependents.length > 0 && !withDependents) {
        throw new Conflict('plugins.needed', { plugin: id, dependents, message: `${dependents.join(', ')} needs ${id}.` });
      }
      for (const one of [...dependents, id]) {
        const changedAt = this.#later(rows.find((other) => other.id === one));
        await updatePlugin(tx, one, { isDesired: false, state: 'inactive', lastError: null, changedBy, changedAt });
        await this.#ports.subscriptions.end(tx, one);
      }
      await setGeneration(tx, generation + 1);
      return generation + 1;
    });
  }

  /** Notes that this process runs a plugin; nothing is written when it was switched off meanwhile. */
  async noteActive(plugin: FoundPlugin, row: PluginRow, declarations: readonly DurableDeclaration[]): Promise<void> {
    await this.#ports.storage.writeTx(async (tx) => {
      if (!(await this.#isUnchanged(tx, row))) return;
      const { version, slug } = this.#newRow(plugin, true);
      await updatePlugin(tx, plugin.id, { version, slug, state: 'active', lastError: null, provenVersion: version });
      await this.#ports.subscriptions.replace(tx, plugin.id, declarations);
    });
  }

  /** Notes what keeps a plugin from running; its subscriptions stay, and their jobs wait. */
  async noteState(row: PluginRow, state: PluginState, lastError: string | null): Promise<void> {
    if (row.state === state && row.lastError === lastError) return;
    await this.#ports.storage.writeTx(async (tx) => {
      if (await this.#isUnchanged(tx, row)) await updatePlugin(tx, row.id, { state, lastError });
    });
  }

  /** Notes whose files lie there now. A running desk says that it must be restarted; one that failed tries again. */
  async noteInstalled(
    plugin: FoundPlugin,
    origin: { readonly source: string; readonly sha256: string },
    also: (tx: Tx) => Promise<void>,
  ): Promise<number> {
    return this.#ports.storage.writeTx(async (tx) => {
      const generation = await lockGeneration(tx);
      const row = (await pluginRows(tx)).find((one) => one.id === plugin.id);
      if (row === undefined) await insertPlugin(tx, this.#newRow(plugin, false));
      await updatePlugin(tx, plugin.id, { ...origin, rejectedVersion: null, rejection: null });
      if (row?.isDesired === true) await updatePlugin(tx, plugin.id, { changedAt: this.#later(row) });
      else await updatePlugin(tx, plugin.id, { version: plugin.version, state: 'installed', lastError: null });
      await also(tx);
      await setGeneration(tx, generation + 1);
      return generation + 1;
    });
  }

  /** Makes exactly the pinned plugins desired. */
  async pin(pinned: readonly string[], found: readonly FoundPlugin[]): Promise<void> {
    const isPinned = (row: PluginRow): boolean => row.isDesired === pinned.includes(row.id);
    const missing = pinned.filter((id) => !found.some((one) => one.id === id));
    if (missing.length === 0 && (await pluginRows(this.#ports.storage.read)).every(isPinned)) return;
    await this.#ports.storage.writeTx(async (tx) => {
      const generation = await lockGeneration(tx);
      const rows = await pluginRows(tx);
      for (const id of missing)
        if (!rows.some((row) => row.id === id)) await insertPlugin(tx, { ...this.#blank(id), isDesired: true, state: 'missing' });
      for (const row of rows.filter((one) => !isPinned(one))) {
        await updatePlugin(tx, row.id, {
          isDesired: !row.isDesired,
          state: row.isDesired ? 'inactive' : 'installed',
          changedAt: this.#later(row),
        });
        if (row.isDesired) await this.#ports.subscriptions.end(tx, row.id);
      }
      await setGeneration(tx, generation + 1);
    });
  }

  /** Notes that a version cannot run; false when another process has noted it already. */
  async reject({ id, version }: FoundPlugin, row: PluginRow, rejection: string): Promise<boolean> {
    return this.#ports.storage.writeTx(async (tx) => {
      await lockGeneration(tx);
      const now = (await pluginRows(tx)).find((one) => one.id === id);
      if (now === undefined || now.rejectedVersion === version) return false;
      await updatePlugin(tx, id, { rejectedVersion: version, rejection, preparedVersion: row.provenVersion });
      return true;
    });
  }

  /** Makes every process try a plugin that failed once more. */
  async tryAgain(id: string): Promise<void> {
    await this.#ports.storage.writeTx(async (tx) => {
      const generation = await lockGeneration(tx);
      const row = (await pluginRows(tx)).find((one) => one.id === id);
      await updatePlugin(tx, id, { state: 'installed', lastError: null, changedAt: this.#later(row) });
      await setGeneration(tx, generation + 1);
    });
  }

  async #isUnchanged(tx: Tx, row: PluginRow): Promise<boolean> {
    await lockGeneration(tx);
    const now = (await pluginRows(tx)).find(({ id }) => id === row.id);
    return now?.isDesired === row.isDesired && now.changedAt === row.changedAt;
  }

  // Strictly later, because processes tell by it whether a failed plugin may be tried again.
  #later(row: PluginRow | undefined): number {
    return Math.max(this.#ports.clock.now(), (row?.changedAt ?? 0) + 1);
  }

  #newRow({ id, version, manifest }: FoundPlugin, isDesired: boolean): PluginRow {
    return { ...this.#blank(id), version, slug: manifest.db?.slug ?? null, isDesired };
  }

  #blank(id: string): PluginRow {
    return {
      id,
      version: '',
      slug: null,
      isDesired: false,
      state: 'installed',
      loadOrder: 0,
      lastError: null,
      changedBy: null,
      changedAt: this.#ports.clock.now(),
      source: null,
      sha256: null,
      preparedVersion: null,
      provenVersion: null,
      rejectedVersion: null,
      rejection: null,
    };
  }
}

/** What should run: desired and not quarantined; switching on again is what ends a quarantine. */
export function desiredIds(rows: readonly PluginRow[]): readonly string[] {
  return rows.filter(({ isDesired, state }) => isDesired && state !== 'quarantined').map(({ id }) => id);
}
