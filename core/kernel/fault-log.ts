import { AsyncResource } from 'node:async_hooks';
import type { Reader, Storage } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import type { PluginFault } from './process-fault.ts';

export interface RecordedFault {
  readonly plugin: string;
  readonly version: string | null;
  readonly hook: string;
  readonly kind: PluginFault['kind'];
  readonly message: string;
  readonly stack: string | null;
  /** How often it happened until `at`; one line stands for a storm of the same fault. */
  readonly times: number;
  readonly at: number;
}

export interface FaultLogPorts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly versionOf: (plugin: string) => string | undefined;
}

const keptPerPlugin = 20;
const keptHere = 200;
const delayMs = 200;
const longest = 4000;

/** The last faults of each plugin, over all processes and restarts. */
export class FaultLog {
  /** Those of this process since its start, newest last. */
  readonly recent: PluginFault[] = [];
  readonly #ports: FaultLogPorts;
  readonly #waiting = new Map<string, RecordedFault>();
  readonly #schedule: () => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: FaultLogPorts) {
    this.#ports = ports;
    // Written later and from outside: whoever reports may stand inside a transaction of the plugin that failed.
    this.#schedule = AsyncResource.bind(() => {
      this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
    });
  }

  note(fault: PluginFault): void {
    const { clock, log, versionOf } = this.#ports;
    const { plugin, hook, kind, error } = fault;
    log.warn('A plugin failed and the desk went on.', { plugin, hook, kind, error });
    this.recent.push(fault);
    if (this.recent.length > keptHere) this.recent.shift();
    const message = (error instanceof Error ? error.message : String(error)).slice(0, longest);
    const key = [plugin, hook, kind, message].join('\0');
    const times = (this.#waiting.get(key)?.times ?? 0) + 1;
    const stack = error instanceof Error && error.stack !== undefined ? error.stack.slice(0, longest) : null;
    this.#waiting.set(key, { plugin, version: versionOf(plugin) ?? null, hook, kind, message, stack, times, at: clock.now() });
    this.#schedule();
  }

  /** Writes what waits; called by itself shortly after a fault. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { storage, log } = this.#ports;
    const faults = [...this.#waiting.values()];
    this.#waiting.clear();
    if (faults.length === 0) return;
    try {
      await storage.writeTx(async (tx) => {
        await tx('plugin_faults').insert(faults.map((one) => ({ ...one, hook: one.hook.slice(0, 200) })));
        for (const plugin of new Set(faults.map((one) => one.plugin))) {
          const kept: number[] = await tx('plugin_faults').where({ plugin }).orderBy('id', 'desc').limit(keptPerPlugin).pluck('id');
          await tx('plugin_faults')
            .where({ plugin })
            .where('id', '<', kept.at(-1) ?? 0)
            .delete();
        }
      });
    } catch (error) {
      log.warn('Faults of plugins could not be written down.', { error });
    }
  }
}

/** The last faults of a plugin, newest first. */
export async function faultsOf(reader: Reader, plugin: string, limit = 10): Promise<readonly RecordedFault[]> {
  const rows: readonly RecordedFault[] = await reader('plugin_faults').where({ plugin }).orderBy('id', 'desc').limit(limit);
  return rows.map(({ version, hook, kind, message, stack, times, at }) => ({
    plugin,
    version,
    hook,
    kind,
    message,
    stack,
    times,
    at: Number(at),
  }));
}
