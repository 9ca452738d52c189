import { Conflict } from './errors.ts';
import type { Services } from './hook-map.ts';
import type { Disposable } from './hook-types.ts';

export type ServiceName = Extract<keyof Services, string>;

/** The registry as one plugin sees it. */
export interface PluginServices {
  provide<K extends ServiceName>(name: K, service: Services[K]): Disposable;
  get<K extends ServiceName>(name: K): Services[K] | undefined;
}

interface Offer {
  readonly plugin: string;
  readonly service: unknown;
}

/** Typed capabilities one plugin offers and others use; gone when the plugin that offers them is switched off. */
export class ServiceRegistry {
  readonly #offers = new Map<string, Offer>();

  /** @throws Conflict `services.taken` naming the plugin that offers it already. */
  provide<K extends ServiceName>(plugin: string, name: K, service: Services[K]): Disposable {
    const taken = this.#offers.get(name);
    if (taken !== undefined)
      throw new Conflict('services.taken', {
        service: name,
        plugin: taken.plugin,
        message: `${taken.plugin} provides ${String(name)} already.`,
      });
    const offer = { plugin, service };
    this.#offers.set(name, offer);
    return { dispose: () => void (this.#offers.get(name) === offer && this.#offers.delete(name)) };
  }

  /** Undefined while nobody offers it. Ask at each use: the plugin behind it may be switched off. */
  get<K extends ServiceName>(name: K): Services[K] | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `provide` takes only this type for the name
    return this.#offers.get(name)?.service as Services[K] | undefined;
  }

  removePlugin(plugin: string): void {
    for (const [name, offer] of this.#offers) if (offer.plugin === plugin) this.#offers.delete(name);
  }

  inspect(): readonly { readonly name: string; readonly plugin: string }[] {
    return [...this.#offers].map(([name, { plugin }]) => ({ name, plugin })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
