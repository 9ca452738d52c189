import { setTimeout as pause } from 'node:timers/promises';
import type { Storage, Tx } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import { Refused, Unavailable } from './errors.ts';
import type { FoundPlugin } from './manifest.ts';
import { pluginRows, updatePlugin } from './plugins-repository.ts';
import { compareVersions, parseVersion } from './versions.ts';

export interface PreparingPorts {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Runs in the transaction that ends the first preparation of a plugin. */
  readonly onFirst?: ((tx: Tx, plugin: FoundPlugin) => Promise<void>) | undefined;
}

/** Milliseconds that `install` and `upgrade` have. */
export const preparingMs = 50_000;
// Longer than the work may take, so that a claim runs out only when its process died.
const claimMs = 60_000;

/**
 * Runs what a version does to its data before it is activated, once over all processes; the others
 * wait until it has. `work` is given the version before, or null on a first installation.
 *
 * @throws Refused `plugins.downgrade`, Unavailable `plugins.preparing` when another process does not finish.
 */
export async function prepareOnce(ports: PreparingPorts, plugin: FoundPlugin, work: (from: string | null) => Promise<void>): Promise<void> {
  const { storage, onFirst } = ports;
  const { id, version } = plugin;
  const startedAt = performance.now();
  for (;;) {
    const from = (await pluginRows(storage.read)).find((row) => row.id === id)?.preparedVersion ?? null;
    if (from === version) return;
    refuseOlder(id, version, from);
    if (await claim(ports, id, from)) {
      try {
        await work(from);
      } catch (error) {
        await storage.writeTx(async (tx) => void (await tx('plugins').where({ id }).update({ preparing_until: null })));
        throw error;
      }
      await storage.writeTx(async (tx) => {
        await updatePlugin(tx, id, { preparedVersion: version });
        await tx('plugins').where({ id }).update({ preparing_until: null });
        if (from === null) await onFirst?.(tx, plugin);
      });
      return;
    }
    if (performance.now() - startedAt > claimMs)
      throw new Unavailable('plugins.preparing', { plugin: id, message: `Another process is still preparing ${id} ${version}.` });
    await pause(50);
  }
}

function refuseOlder(id: string, version: string, from: string | null): void {
  const [mine, theirs] = [parseVersion(version), from === null ? undefined : parseVersion(from)];
  if (mine === undefined || theirs === undefined || compareVersions(mine, theirs) > 0) return;
  throw new Refused('plugins.downgrade', {
    plugin: id,
    message: `${id} ${version} is older than ${String(from)}, which its data was prepared for. Install ${String(from)} or later.`,
  });
}

function claim({ storage, clock }: PreparingPorts, id: string, from: string | null): Promise<boolean> {
  const now = clock.now();
  return storage.writeTx(async (tx) => {
    const claiming = tx('plugins')
      .where({ id })
      .where((free) => void free.whereNull('preparing_until').orWhere('preparing_until', '<', now));
    if (from === null) void claiming.whereNull('prepared_version');
    else void claiming.where({ prepared_version: from });
    return (await claiming.update({ preparing_until: now + claimMs })) === 1;
  });
}
