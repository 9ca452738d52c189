import type { Storage, Tx } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import { lockGeneration, setGeneration } from './kernel-state.ts';
import { pluginRows, updatePlugin } from './plugins-repository.ts';

export interface Quarantined {
  readonly plugin: string;
  readonly version: string;
  readonly reason: string;
}

export interface QuarantinePorts {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Records the fact in the same transaction, for whoever is to be told. */
  readonly onQuarantined?: (tx: Tx, quarantined: Quarantined) => Promise<void>;
}

/**
 * Stops a plugin in every process until somebody switches it on again. Data, settings, permissions and
 * durable subscriptions stay, and its jobs wait. Returns whether it was running at all.
 */
export async function quarantine({ storage, clock, onQuarantined }: QuarantinePorts, plugin: string, reason: string): Promise<boolean> {
  return storage.writeTx(async (tx) => {
    const generation = await lockGeneration(tx);
    const row = (await pluginRows(tx)).find(({ id }) => id === plugin);
    if (row === undefined || !row.isDesired || row.state === 'quarantined') return false;
    // Strictly later, as every change: processes tell by it that something happened.
    const changedAt = Math.max(clock.now(), row.changedAt + 1);
    await updatePlugin(tx, plugin, { state: 'quarantined', lastError: reason, changedBy: null, changedAt });
    await setGeneration(tx, generation + 1);
    await onQuarantined?.(tx, { plugin, version: row.version, reason });
    return true;
  });
}
