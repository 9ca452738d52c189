import { checkRoutes, type ContributionKind, type Contributions, isRoute, type Owned } from './contributions.ts';
import { withinDeadline } from './deadline-wheel.ts';
import { Conflict, Invalid } from './errors.ts';
import type { HookBus } from './hook-bus.ts';
import type { Disposable, FaultSink } from './hook-types.ts';
import type { FoundPlugin, PluginManifest } from './manifest.ts';
import type { Hooks } from './plugin-hooks.ts';
import type { ImportModule } from './plugin-migrations.ts';
import { runInScope } from './scope.ts';
import { preparingMs } from './preparing.ts';
import type { PluginServices, ServiceRegistry } from './services.ts';
import { enterWork, leaveWork, workId } from './vitals.ts';

/** What the kernel gives to whoever builds a plugin's context; all of it is undone at deactivation. */
export interface PluginKit {
  readonly id: string;
  readonly version: string;
  readonly manifest: PluginManifest;
  readonly folder: string;
  /** Aborted at deactivation. */
  readonly signal: AbortSignal;
  readonly hooks: Hooks;
  readonly services: PluginServices;
  /** Hands over a timer, socket or connection; taken back in reverse order. */
  readonly own: (resource: Disposable | (() => void | Promise<void>)) => void;
  readonly register: <K extends ContributionKind>(kind: K, value: Contributions[K]) => Disposable;
  /** Notes a call that was refused: it fails the activation even when the plugin swallows the error. */
  readonly refused: (error: unknown) => void;
}

/** A plugin's default export. */
export interface PluginModule<C> {
  activate(context: C): void | Promise<void>;
  /** Only for what taking back registrations cannot undo. */
  deactivate?(context: C): void | Promise<void>;
  /** Once, after the first migrations and before the first activation. */
  install?(context: C): void | Promise<void>;
  /** Once per version, before it is activated: for data, not for the schema. */
  upgrade?(context: C, from: string, to: string): void | Promise<void>;
  /** Before its files or its data are removed, while it is off. */
  uninstall?(context: C, options: { readonly deleteData: boolean }): void | Promise<void>;
}

export interface ActivationPorts<C> {
  readonly hooks: HookBus;
  readonly services: ServiceRegistry;
  readonly importModule: ImportModule;
  readonly makeContext: (plugin: FoundPlugin, kit: PluginKit, definition: PluginModule<C>) => C;
  readonly reservedPaths: readonly string[];
  /** Milliseconds for each of import, activate and deactivate. */
  readonly deadlineMs: number;
  readonly onFault: FaultSink;
  /** Runs `work` once over all processes when this version has not been prepared yet. */
  readonly prepare: (plugin: FoundPlugin, work: (from: string | null) => Promise<void>) => Promise<void>;
  /** The routes of the plugins that run already. */
  readonly routes: () => readonly Owned<'route'>[];
  /** Called before the plugin's own `activate` runs. */
  readonly onActivating?: (plugin: FoundPlugin) => void;
  /** Called when a running plugin registers or takes back something. */
  readonly onChange: () => void;
}

/** One activation of one plugin, from import to the last disposal. */
export class PluginRun<C> {
  readonly plugin: FoundPlugin;
  readonly #ports: ActivationPorts<C>;
  readonly #abort = new AbortController();
  readonly #owned: (() => unknown)[] = [];
  #contributions: readonly Owned[] = [];
  #module: PluginModule<C> | undefined;
  #context: C | undefined;
  #refusal: { readonly error: unknown } | undefined;
  #isStarted = false;

  constructor(plugin: FoundPlugin, ports: ActivationPorts<C>) {
    this.plugin = plugin;
    this.#ports = ports;
  }

  get contributions(): readonly Owned[] {
    return this.#contributions;
  }

  /** Imports and activates. Whatever fails is thrown after everything it had registered is taken back. */
  async start(loadOrder: number): Promise<void> {
    const { prepare, deadlineMs } = this.#ports;
    try {
      const { module, context } = await this.#load(loadOrder);
      await prepare(this.plugin, (from) => this.#prepare(module, context, from));
      this.#ports.onActivating?.(this.plugin);
      await withinDeadline(
        this.#asItself('activate', async () => module.activate(context)),
        deadlineMs,
      );
      if (this.#refusal !== undefined) throw this.#refusal.error;
      this.#isStarted = true;
    } catch (error) {
      await this.stop(() => {});
      throw error;
    }
  }

  /** Tells a plugin that is off that its files or data go, and takes back what that registered. */
  async uninstall(options: { readonly deleteData: boolean }): Promise<void> {
    try {
      const { module, context } = await this.#load(0);
      await withinDeadline(
        this.#asItself('uninstall', async () => module.uninstall?.(context, options)),
        this.#ports.deadlineMs,
      );
    } finally {
      await this.stop(() => {});
    }
  }

  async #load(loadOrder: number): Promise<{ readonly module: PluginModule<C>; readonly context: C }> {
    const { id, entry } = this.plugin;
    const { importModule, makeContext, deadlineMs } = this.#ports;
    const module = definitionIn<C>(
      id,
      await withinDeadline(
        this.#asItself('import', () => importModule(entry)),
        deadlineMs,
      ),
    );
    const context = makeContext(this.plugin, this.#kit(loadOrder), module);
    this.#module = module;
    this.#context = context;
    return { module, context };
  }

  #prepare(module: PluginModule<C>, context: C, from: string | null): Promise<void> {
    const { version } = this.plugin;
    return withinDeadline(
      this.#asItself(from === null ? 'install' : 'upgrade', async () =>
        from === null ? module.install?.(context) : module.upgrade?.(context, from, version),
      ),
      preparingMs,
    );
  }

  /** Handlers die first, calls in flight included; `unroute` must make the desk forget the plugin's pages. */
  async stop(unroute: () => void): Promise<void> {
    const { id } = this.plugin;
    const { hooks, services, deadlineMs } = this.#ports;
    const wasStarted = this.#isStarted;
    this.#isStarted = false;
    hooks.removePlugin(id);
    services.removePlugin(id);
    this.#contributions = [];
    unroute();
    this.#abort.abort(new Conflict('plugins.not-active', { plugin: id }));
    const [module, context] = [this.#module, this.#context];
    if (wasStarted && module?.deactivate !== undefined && context !== undefined) {
      await this.#attempt('deactivate', () =>
        withinDeadline(
          this.#asItself('deactivate', async () => module.deactivate?.(context)),
          deadlineMs,
        ),
      );
    }
    for (const dispose of this.#owned.splice(0).toReversed()) {
      await this.#attempt('dispose', () =>
        withinDeadline(
          this.#asItself('dispose', async () => dispose()),
          deadlineMs,
        ),
      );
    }
    this.#module = undefined;
    this.#context = undefined;
  }

  #kit(loadOrder: number): PluginKit {
    const { id, version, manifest, folder } = this.plugin;
    const { hooks, services } = this.#ports;
    const slug = manifest.db?.slug;
    const requireLive = () => this.#requireLive();
    return {
      id,
      version,
      manifest,
      folder,
      signal: this.#abort.signal,
      hooks: hooks.forPlugin(id, loadOrder, {
        namespaces: slug === undefined ? [id] : [id, slug],
        requireLive,
        onRefused: (error) => this.#refused(error),
      }),
      services: {
        provide: (name, service) => {
          this.#requireLive();
          return services.provide(id, name, service);
        },
        get: (name) => services.get(name),
      },
      own: (resource) => this.#own(resource),
      register: (kind, value) => this.#register(kind, value),
      refused: (error) => this.#refused(error),
    };
  }

  // What is handed over too late is closed at once: nobody would ever close it.
  #own(resource: Disposable | (() => void | Promise<void>)): void {
    const dispose = typeof resource === 'function' ? resource : () => resource.dispose();
    if (this.#abort.signal.aborted) void this.#attempt('dispose', async () => dispose());
    else this.#owned.push(dispose);
  }

  #register<K extends ContributionKind>(kind: K, value: Contributions[K]): Disposable {
    const { id } = this.plugin;
    const one: Owned<K> = { plugin: id, kind, value };
    try {
      this.#requireLive();
      if (isRoute(one)) checkRoutes(id, one.value, this.#ports.routes(), this.#ports.reservedPaths);
    } catch (error) {
      this.#refused(error);
      throw error;
    }
    this.#change([...this.#contributions, one]);
    return { dispose: () => this.#change(this.#contributions.filter((other) => other !== one)) };
  }

  #change(contributions: readonly Owned[]): void {
    this.#contributions = contributions;
    if (this.#isStarted) this.#ports.onChange();
  }

  #requireLive(): void {
    const { id } = this.plugin;
    if (this.#abort.signal.aborted)
      throw new Conflict('plugins.not-active', { plugin: id, message: `${id} registers something after it was switched off.` });
  }

  // The first refusal fails the activation even when the plugin swallows it.
  #refused(error: unknown): void {
    if (!this.#isStarted) this.#refusal ??= { error };
  }

  // Not inherited from whoever pressed the button: timers started here outlive that request and what it skips.
  #asItself<T>(step: string, work: () => T): T {
    const { id } = this.plugin;
    const before = enterWork(workId(id, step));
    try {
      return runInScope({ plugin: id, depth: 0 }, work);
    } finally {
      leaveWork(before);
    }
  }

  async #attempt(hook: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#ports.onFault({ plugin: this.plugin.id, hook, kind: 'throw', error });
    }
  }
}

const optionalSteps = ['install', 'upgrade', 'deactivate', 'uninstall'] as const;

// CommonJS compiled from ES modules wraps its default once more.
function definitionIn<C>(id: string, module: unknown): PluginModule<C> {
  const first = defaultOf(module);
  const definition = isDefinition<C>(first) ? first : defaultOf(first);
  if (isDefinition<C>(definition)) {
    const wrong = optionalSteps.find((step) => !['undefined', 'function'].includes(typeof definition[step]));
    if (wrong === undefined) return definition;
    throw new Invalid('plugins.no-definition', { plugin: id, message: `${id}: ${wrong} in the main file must be a function.` });
  }
  throw new Invalid('plugins.no-definition', {
    plugin: id,
    message: `${id}: the main file has no default export with a function activate.`,
  });
}

function defaultOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : undefined;
}

function isDefinition<C>(value: unknown): value is PluginModule<C> {
  return typeof value === 'object' && value !== null && 'activate' in value && typeof value.activate === 'function';
}
