import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginKit, PluginModule } from '#core/kernel/activating.js';
import { type DurableDeclaration, HookBus } from '#core/kernel/hook-bus.js';
import type { Fault } from '#core/kernel/hook-types.js';
import { PluginHost } from '#core/kernel/plugin-host.js';
import type { PluginHostPorts } from '#core/kernel/plugin-host-ports.js';
import { type PluginRow, pluginRows } from '#core/kernel/plugins-repository.js';
import { runMigrations, type Storage } from '#core/storage/index.js';
import { onDatabase, silent } from './database.js';
import { temporaryFolder } from './support.js';

export type TestPlugin = Partial<PluginModule<PluginKit>> & {
  readonly version?: string;
  readonly manifest?: object;
  /** File name to source; written below `migrations/`. */
  readonly migrations?: Readonly<Record<string, string>>;
};

export type TestHost = PluginHost<PluginKit> & { readonly bus: HookBus };

/** One database and one plugins folder, with as many processes on them as a test opens. */
export class PluginDesk {
  readonly folder: string;
  readonly storage: Storage;
  readonly open: () => Storage;
  readonly faults: Fault[] = [];
  readonly subscriptions = new Map<string, readonly DurableDeclaration[]>();
  now = 1_000_000;
  readonly #modules = new Map<string, PluginModule<PluginKit>>();
  readonly #opened: { readonly host: TestHost; readonly storage: Storage }[] = [];

  private constructor(folder: string, open: () => Storage) {
    this.folder = folder;
    this.open = open;
    this.storage = open();
  }

  static async create(): Promise<PluginDesk> {
    const database = await onDatabase();
    return new PluginDesk(await temporaryFolder(), () => database.open());
  }

  /** The same database with another plugins folder, as after a change of versions. */
  static async beside({ open }: PluginDesk): Promise<PluginDesk> {
    return new PluginDesk(await temporaryFolder(), open);
  }

  async add(id: string, { version = '1.0.0', manifest = {}, migrations = {}, ...module }: TestPlugin = {}): Promise<void> {
    const folder = path.join(this.folder, id);
    await mkdir(path.join(folder, 'migrations'), { recursive: true });
    const helpdesk = { manifest: 1, id, title: id, api: '^1.0.0', ...manifest };
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: id, version, type: 'module', main: './index.js', helpdesk }));
    await writeFile(path.join(folder, 'index.js'), '');
    for (const [name, source] of Object.entries(migrations)) await writeFile(path.join(folder, 'migrations', name), source);
    this.#modules.set(path.join(folder, 'index.js'), { activate: () => {}, ...module });
  }

  process(id: string, ports: Partial<PluginHostPorts<PluginKit>> = {}): TestHost {
    const storage = this.open();
    const onFault = (fault: Fault) => void this.faults.push(fault);
    const bus = new HookBus({ onFault });
    bus.define('action', 'test.happened');
    const host = new PluginHost<PluginKit>({
      storage,
      hooks: bus,
      onFault,
      runMigrations,
      clock: { now: () => this.now },
      log: silent,
      apiVersion: '1.0.0',
      roots: [{ folder: this.folder }],
      process: { id, host: 'test', pid: process.pid, role: 'web' },
      makeContext: (_plugin, kit) => kit,
      importModule: async (file) => (this.#modules.has(file) ? { default: this.#modules.get(file) } : import(pathToFileURL(file).href)),
      subscriptions: {
        replace: async (_tx, plugin, declarations) => void this.subscriptions.set(plugin, declarations),
        end: async (_tx, plugin) => void this.subscriptions.delete(plugin),
      },
      ...ports,
    });
    const opened = Object.assign(host, { bus });
    this.#opened.push({ host: opened, storage });
    return opened;
  }

  async row(id: string): Promise<PluginRow | undefined> {
    return (await pluginRows(this.storage.read)).find((row) => row.id === id);
  }

  async close(): Promise<void> {
    for (const { host, storage } of this.#opened) {
      await host.stop();
      await storage.close();
    }
    await this.storage.close();
  }
}

export function running(host: TestHost): string {
  return host.snapshot.plugins.map(({ id }) => id).join(' ');
}
