import { Invalid } from './errors.ts';
import type { Actions, Decisions, Filters, RenderFilters } from './hook-map.ts';
import { HookPoint } from './hook-point.ts';
import type { Disposable, FaultSink, Handler, HandlerOptions, HandlerReport, HookKind } from './hook-types.ts';
import { Oversight } from './oversight.ts';
import { PluginHooks, type Registrant } from './plugin-hooks.ts';

export type ActionName = Extract<keyof Actions, string>;
export type FilterName = Extract<keyof Filters, string>;
export type RenderFilterName = Extract<keyof RenderFilters, string>;
export type DecisionName = Extract<keyof Decisions, string>;

export type ValueOf<T> = T extends { value: infer V } ? V : never;
export type ContextOf<T> = T extends { context: infer C } ? C : never;
export type InputOf<T> = T extends { input: infer I } ? I : never;
export type VerdictOf<T> = T extends { verdict: infer V } ? V : never;

/** The event a durable handler is told about, and how often that was tried. */
export interface Delivery {
  readonly eventId: number;
  /** When the event happened, in milliseconds. */
  readonly at: number;
  /** 1 on the first try. A retry means the last one failed or its outcome is unknown. */
  readonly attempt: number;
}

/** What a plugin wants to hear durably; the host stores it as a subscription row. */
export interface DurableDeclaration {
  readonly plugin: string;
  readonly handler: string;
  readonly event: string;
}

export interface DurableHandler {
  run(payload: unknown, delivery: Delivery): unknown;
}

export interface HookReport {
  readonly kind: HookKind;
  readonly name: string;
  /** False while handlers wait for the plugin that defines the name. */
  readonly isDefined: boolean;
  /** What to use instead, while the hook still fires for those who listen. */
  readonly deprecated: string | undefined;
  readonly handlers: readonly HandlerReport[];
}

interface Durable {
  readonly declaration: DurableDeclaration;
  readonly handler: DurableHandler;
}

/** Every hook of this process: features define and call names, plugins register on them. */
export class HookBus {
  #oversight: Oversight;
  readonly #points = new Map<string, HookPoint>();
  /** `<kind> <name>` to who defined it. */
  readonly #defined = new Map<string, string>();
  readonly #deprecated = new Map<string, string>();
  readonly #durables = new Map<string, Durable>();
  #waiting: ReadonlySet<string> = new Set();

  constructor({ onFault }: { readonly onFault: FaultSink }) {
    this.#oversight = new Oversight({ onFault });
  }

  /** A bus whose handlers are watched together with everything else that plugins do. */
  static overseenBy(oversight: Oversight): HookBus {
    const bus = new HookBus({ onFault: oversight.onFault });
    bus.#oversight = oversight;
    return bus;
  }

  /** Makes a name known; `definedBy` is the plugin whose removal makes it unknown again. */
  define(kind: HookKind, name: string, definedBy = 'core'): Disposable {
    const key = `${kind} ${name}`;
    const owner = this.#defined.get(key);
    if (owner !== undefined && owner !== definedBy) {
      throw new Invalid('hooks.already-defined', { hook: name, message: `The ${kind} ${name} is already defined by ${owner}.` });
    }
    this.#defined.set(key, definedBy);
    return { dispose: () => void this.#defined.delete(key) };
  }

  /** Names what replaces a hook; whoever still listens is shown on the Health page. */
  deprecate(kind: HookKind, name: string, instead: string): void {
    this.#deprecated.set(`${kind} ${name}`, instead);
  }

  /** The ids and slugs of plugins that are not active: handlers for names of theirs wait. */
  setWaitingNamespaces(namespaces: Iterable<string>): void {
    this.#waiting = new Set(namespaces);
  }

  /** Load orders after the active set changed, so that every process sorts handlers alike. */
  setLoadOrders(orders: ReadonlyMap<string, number>): void {
    for (const point of this.#points.values()) point.reorder(orders);
  }

  /** Tells everybody, in order, each handler isolated; never rejects. Called after commit. */
  act<K extends ActionName>(name: K, payload: Actions[K]): Promise<void> {
    const point = this.#find('action', name);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an action has no answer
    return (point === undefined ? Promise.resolve() : point.run(frozenCopy(payload))) as Promise<void>;
  }

  /**
   * Lets handlers shape a value; a handler that fails leaves it as it was.
   *
   * @throws AppError what a handler refuses with.
   */
  async applyFilter<K extends FilterName>(
    name: K,
    value: ValueOf<Filters[K]>,
    context: ContextOf<Filters[K]>,
  ): Promise<ValueOf<Filters[K]>> {
    const point = this.#find('filter', name);
    if (point === undefined) return value;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- handlers of this name return its value type or nothing
    return (await point.run(value, context)) as ValueOf<Filters[K]>;
  }

  /** The filter for templates: answers at once, and every failure leaves the value as it was. */
  applyFilterSync<K extends RenderFilterName>(
    name: K,
    value: ValueOf<RenderFilters[K]>,
    context: ContextOf<RenderFilters[K]>,
  ): ValueOf<RenderFilters[K]> {
    const point = this.#find('filterSync', name);
    if (point === undefined) return value;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- handlers of this name return its value type or nothing
    return point.runSync(value, context) as ValueOf<RenderFilters[K]>;
  }

  /**
   * Asks until a handler gives a verdict; undefined when nobody objects.
   *
   * @throws AppError what a handler refuses with, or `hooks.critical-failed` when a critical one fails.
   */
  async decide<K extends DecisionName>(name: K, input: InputOf<Decisions[K]>): Promise<VerdictOf<Decisions[K]> | undefined> {
    const point = this.#find('decision', name);
    if (point === undefined) return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- handlers of this name return its verdict type or nothing
    return (await point.run(input)) as VerdictOf<Decisions[K]> | undefined;
  }

  /** The typed registration API of one plugin; `core` is the id of core's own features. */
  forPlugin(plugin: string, loadOrder: number, more: Partial<Omit<Registrant, 'plugin' | 'loadOrder'>> = {}): PluginHooks {
    return new PluginHooks(this, { namespaces: [plugin], ...more, plugin, loadOrder });
  }

  /** @throws Invalid `hooks.unknown` naming a hook that nobody defines and no inactive plugin could. */
  register(
    kind: HookKind,
    name: string,
    handler: Handler,
    by: { readonly plugin: string; readonly loadOrder: number; readonly options?: HandlerOptions },
  ): Disposable {
    this.#requireKnown(kind, name, by.plugin);
    const key = `${kind} ${name}`;
    const point = this.#points.get(key) ?? new HookPoint(kind, name, this.#oversight);
    this.#points.set(key, point);
    return point.add(by.plugin, by.loadOrder, handler, by.options);
  }

  registerDurable(declaration: DurableDeclaration, handler: DurableHandler): Disposable {
    const { plugin, handler: id, event } = declaration;
    this.#requireKnown('action', event, plugin);
    const key = durableKey(plugin, id);
    if (this.#durables.has(key)) {
      throw new Invalid('hooks.duplicate-handler', { plugin, handler: id, message: `${plugin} has two durable handlers called ${id}.` });
    }
    const entry = { declaration, handler };
    this.#durables.set(key, entry);
    return { dispose: () => void (this.#durables.get(key) === entry && this.#durables.delete(key)) };
  }

  /** The code of a subscription row; undefined while its plugin is not running here, and the job waits. */
  durable(plugin: string, handlerId: string): ((payload: unknown, delivery: Delivery) => Promise<unknown>) | undefined {
    const entry = this.#durables.get(durableKey(plugin, handlerId));
    if (entry === undefined) return undefined;
    const { event } = entry.declaration;
    return (payload, delivery) => this.#oversight.run(plugin, 'durable', event, async () => entry.handler.run(payload, delivery));
  }

  declarations(plugin: string): readonly DurableDeclaration[] {
    return [...this.#durables.values()].map(({ declaration }) => declaration).filter((one) => one.plugin === plugin);
  }

  /** Takes back everything a plugin registered or defined, at once, calls in flight included. */
  removePlugin(plugin: string): void {
    for (const point of this.#points.values()) point.removePlugin(plugin);
    for (const [key, entry] of this.#durables) if (entry.declaration.plugin === plugin) this.#durables.delete(key);
    for (const [key, owner] of this.#defined) if (owner === plugin) this.#defined.delete(key);
    this.#oversight.breaker.forget(plugin);
  }

  /** Every hook with its handlers in the order they run, and what they cost. */
  inspect(): readonly HookReport[] {
    const keys = new Set([...this.#defined.keys(), ...this.#points.keys()]);
    return [...keys].toSorted().map((key) => {
      const point = this.#points.get(key);
      return {
        ...splitKey(key),
        isDefined: this.#defined.has(key),
        deprecated: this.#deprecated.get(key),
        handlers: point?.inspect() ?? [],
      };
    });
  }

  /** Names in these namespaces that handlers wait for although nobody defines them: misspelled ones, once their plugin runs. */
  undefinedIn(namespaces: readonly string[]): readonly HookReport[] {
    return this.inspect().filter(
      ({ name, isDefined, handlers }) => !isDefined && handlers.length > 0 && namespaces.some((one) => name.startsWith(`${one}.`)),
    );
  }

  #find(kind: HookKind, name: string): HookPoint | undefined {
    return this.#points.get(`${kind} ${name}`);
  }

  #requireKnown(kind: HookKind, name: string, plugin: string): void {
    if (this.#defined.has(`${kind} ${name}`)) return;
    const namespace = name.split('.', 1)[0] ?? '';
    if (this.#waiting.has(namespace)) return;
    throw new Invalid('hooks.unknown', {
      hook: name,
      kind,
      plugin,
      message: `${plugin} registers the ${kind} ${name}, which nobody defines.`,
    });
  }
}

function durableKey(plugin: string, handlerId: string): string {
  return `${plugin} ${handlerId}`;
}

const kinds: readonly HookKind[] = ['action', 'filter', 'filterSync', 'decision'];

function splitKey(key: string): { kind: HookKind; name: string } {
  const kind = kinds.find((one) => key.startsWith(`${one} `)) ?? 'action';
  return { kind, name: key.slice(kind.length + 1) };
}

// Handlers share one payload; one that writes to it must not change what the next one is told.
function frozenCopy(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null ? Object.freeze({ ...payload }) : payload;
}
