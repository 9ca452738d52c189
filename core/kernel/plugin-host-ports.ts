import type { Tx } from '../storage/types.ts';
import type { PluginKit, PluginModule } from './activating.ts';
import type { CrashJournal } from './crash-journal.ts';
import type { PluginRoot } from './discovery.ts';
import type { HookBus } from './hook-bus.ts';
import type { LifecyclePorts } from './lifecycle.ts';
import type { Logger } from './log.ts';
import type { FoundPlugin } from './manifest.ts';
import type { Oversight } from './oversight.ts';
import type { ImportModule, MigrationRunner } from './plugin-migrations.ts';
import type { PluginRow, ProcessIdentity } from './plugins-repository.ts';
import type { PluginFault } from './process-fault.ts';
import type { QuarantinePorts } from './quarantine.ts';
import type { Blocked } from './resolve.ts';
import type { ServiceRegistry } from './services.ts';
import type { Snapshot } from './snapshot.ts';
import type { Templates } from './templates.ts';

/** What a host of plugins is given by whoever runs it. */
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

/** One plugin as an administrator sees it: its files, its row, and whether it runs here. */
export interface PluginStatus {
  readonly id: string;
  readonly found: FoundPlugin | undefined;
  readonly row: PluginRow | undefined;
  readonly isRunning: boolean;
  readonly blocked: Blocked | undefined;
}
