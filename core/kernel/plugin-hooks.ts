import { Invalid } from './errors.ts';
import type {
  ActionName,
  ContextOf,
  DecisionName,
  Delivery,
  FilterName,
  HookBus,
  InputOf,
  RenderFilterName,
  ValueOf,
  VerdictOf,
} from './hook-bus.ts';
import type { Actions, Decisions, Filters, RenderFilters } from './hook-map.ts';
import type { Disposable, Handler, HandlerOptions, HookKind } from './hook-types.ts';

type Maybe<T> = T | undefined | void;
type Soon<T> = T | Promise<T>;

/** What a plugin registers handlers with; every registration is undone when the plugin is switched off. */
export interface Hooks {
  /** Told after commit, in this process; lost if the process dies before it runs. */
  on<K extends ActionName>(name: K, handler: (payload: Readonly<Actions[K]>) => unknown, options?: HandlerOptions): Disposable;
  /** Told from the job queue at least once, in order per ticket; `handlerId` is stable across versions. */
  onDurable<K extends ActionName>(
    name: K,
    handlerId: string,
    handler: (payload: Readonly<Actions[K]>, delivery: Delivery) => unknown,
  ): Disposable;
  /** Returns the new value, or nothing to leave it. An AppError below 500 thrown here reaches the caller as a refusal. */
  filter<K extends FilterName>(
    name: K,
    handler: (value: ValueOf<Filters[K]>, context: Readonly<ContextOf<Filters[K]>>) => Soon<Maybe<ValueOf<Filters[K]>>>,
    options?: HandlerOptions,
  ): Disposable;
  /** Runs inside a template, so it answers at once; a promise is refused and reported. */
  filterSync<K extends RenderFilterName>(
    name: K,
    handler: (value: ValueOf<RenderFilters[K]>, context: Readonly<ContextOf<RenderFilters[K]>>) => Maybe<ValueOf<RenderFilters[K]>>,
    options?: HandlerOptions,
  ): Disposable;
  /** Returns a verdict to settle the question, or nothing to leave it to the next handler. */
  decide<K extends DecisionName>(
    name: K,
    handler: (input: Readonly<InputOf<Decisions[K]>>) => Soon<Maybe<VerdictOf<Decisions[K]>>>,
    options?: HandlerOptions,
  ): Disposable;
  /** Offers a hook of the plugin's own; the name starts with its id or slug and a dot. */
  define(kind: HookKind, name: string): Disposable;
  /** Calls hooks, meant for those the plugin defines. */
  readonly call: Pick<HookBus, 'act' | 'applyFilter' | 'applyFilterSync' | 'decide'>;
}

export interface Registrant {
  readonly plugin: string;
  readonly loadOrder: number;
  /** The plugin's id and slug: what the hooks it defines may start with. */
  readonly namespaces: readonly string[];
  /** Throws once the plugin is switched off, so that nothing is left behind. */
  readonly requireLive?: () => void;
  /** Told of a refused registration even when the plugin swallows the error. */
  readonly onRefused?: (error: unknown) => void;
}

/** `Hooks` bound to one plugin. */
export class PluginHooks implements Hooks {
  readonly call: Hooks['call'];
  readonly #bus: HookBus;
  readonly #by: Registrant;

  constructor(bus: HookBus, by: Registrant) {
    this.#bus = bus;
    this.#by = by;
    this.call = bus;
  }

  readonly on: Hooks['on'] = (name, handler, options) => this.#register('action', name, handlerOf(handler), options);
  readonly filter: Hooks['filter'] = (name, handler, options) => this.#register('filter', name, handlerOf(handler), options);
  readonly filterSync: Hooks['filterSync'] = (name, handler, options) => this.#register('filterSync', name, handlerOf(handler), options);
  readonly decide: Hooks['decide'] = (name, handler, options) => this.#register('decision', name, handlerOf(handler), options);

  readonly onDurable: Hooks['onDurable'] = (event, handlerId, handler) =>
    this.#guarded(() => this.#bus.registerDurable({ plugin: this.#by.plugin, handler: handlerId, event }, handlerOf(handler)));

  readonly define: Hooks['define'] = (kind, name) => {
    const { plugin, namespaces } = this.#by;
    return this.#guarded(() => {
      if (plugin !== 'core' && !namespaces.some((one) => name.startsWith(`${one}.`))) {
        const message = `${plugin} may only define hooks that start with ${namespaces.join('. or ')}., not ${name}.`;
        throw new Invalid('hooks.foreign-name', { plugin, hook: name, message });
      }
      return this.#bus.define(kind, name, plugin);
    });
  };

  #register(kind: HookKind, name: string, handler: Handler, options: HandlerOptions = {}): Disposable {
    const { plugin, loadOrder } = this.#by;
    return this.#guarded(() => this.#bus.register(kind, name, handler, { plugin, loadOrder, options }));
  }

  #guarded(register: () => Disposable): Disposable {
    try {
      this.#by.requireLive?.();
      return register();
    } catch (error) {
      this.#by.onRefused?.(error);
      throw error;
    }
  }
}

// The bus calls a name only with what the maps declare for it, so here the types may be forgotten.
function handlerOf<A extends readonly unknown[]>(handler: (...args: A) => unknown): { run(...args: unknown[]): unknown } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return { run: (...args) => handler(...(args as unknown as A)) };
}
