import { SerialQueue } from './generation.ts';
import type { FoundPlugin } from './manifest.ts';
import type { PluginHostPorts } from './plugin-host-ports.ts';
import { runPluginMigrations } from './plugin-migrations.ts';
import { isOnlyVersion, liveForMs, type PluginRow, pluginRows } from './plugins-repository.ts';

type Ports = Pick<PluginHostPorts<never>, 'storage' | 'clock' | 'runMigrations' | 'importModule' | 'onFault'>;

/** The migrations of plugins in one process, one at a time: what a new version needs at once, and later what nobody uses any more. */
export class PluginMigrating {
  readonly #ports: Ports;
  // SQLite waits for its lock inside a thread, and a few that wait leave none for the one that works.
  readonly #queue = new SerialQueue();
  /** Plugins that may have contract steps to do. */
  readonly #contracting = new Set<string>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Adds what the plugin's version needs. */
  expand(plugin: FoundPlugin, rows: readonly PluginRow[]): Promise<void> {
    const row = rows.find(({ id }) => id === plugin.id);
    // On a first installation nobody uses what a contract step drops.
    const skipsContract = row !== undefined && row.preparedVersion !== null;
    if (skipsContract) this.#contracting.add(plugin.id);
    const tolerates = row?.rejectedVersion ?? undefined;
    return this.#queue.run(plugin.id, async () => void (await runPluginMigrations(plugin, { ...this.#ports, skipsContract, tolerates })));
  }

  /** Drops what the version before used, once no process runs that any more. */
  async contract(running: (id: string) => FoundPlugin | undefined): Promise<void> {
    const { storage, clock } = this.#ports;
    for (const id of this.#contracting) {
      const plugin = running(id);
      if (plugin === undefined || !(await isOnlyVersion(storage.read, plugin, clock.now() - liveForMs))) continue;
      const row = (await pluginRows(storage.read)).find((one) => one.id === id);
      this.#contracting.delete(id);
      try {
        await this.#queue.run(`${id} contract`, async () => {
          await runPluginMigrations(plugin, { ...this.#ports, tolerates: row?.rejectedVersion ?? undefined });
        });
      } catch (error) {
        this.#ports.onFault({ plugin: id, hook: 'migrations', kind: 'throw', error });
      }
    }
  }
}
