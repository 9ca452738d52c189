import { DeadlinePassed, withinDeadline } from './deadline-wheel.ts';
import { placeOf } from './gauge.ts';
import type { Slots } from './hook-map.ts';
import type { FaultSink } from './hook-types.ts';
import { Oversight } from './oversight.ts';
import { isSkipped, runAsPlugin } from './scope.ts';

export type SlotName = Extract<keyof Slots, string>;

/** What a plugin puts into a named place of a page. */
export interface SlotContribution<K extends string = string> {
  readonly slot: K;
  readonly template: string;
  /** Gets what the template needs; for list slots the input holds all ids of the page. Runs before rendering. */
  load?(input: K extends keyof Slots ? Slots[K] : unknown, signal: AbortSignal): object | Promise<object>;
  /** Lower comes first; 10 unless said otherwise. */
  readonly priority?: number;
  /** Milliseconds; 300 unless said otherwise. */
  readonly deadlineMs?: number;
  /** Only for people who have it. */
  readonly permission?: string;
}

export interface OwnedSlot {
  readonly plugin: string;
  readonly value: SlotContribution;
}

/** One filled place. A late or failed one has no data and is printed as a placeholder that the browser fetches. */
export interface LoadedSlot {
  readonly plugin: string;
  readonly slot: string;
  readonly state: 'ready' | 'late' | 'failed';
  readonly template: string;
  readonly data: object;
}

export type LoadedSlots = Readonly<Record<string, readonly LoadedSlot[]>>;

/** What loading needs to know of the person who looks at the page. */
export interface SlotRequest {
  may(permission: string): boolean;
  /** Aborts the loaders when the browser has gone. */
  readonly signal?: AbortSignal;
}

/** The slots of one generation. */
export class SlotRegistry {
  readonly #slots: readonly OwnedSlot[];
  readonly #oversight: Oversight;

  constructor(slots: readonly OwnedSlot[], onFault: FaultSink, oversight: Oversight = new Oversight({ onFault })) {
    this.#slots = slots.toSorted((a, b) => (a.value.priority ?? 10) - (b.value.priority ?? 10));
    this.#oversight = oversight;
  }

  /** Runs every loader of a page at once; takes no longer than the longest deadline and never rejects. */
  async loadSlots(names: readonly string[], input: unknown, request: SlotRequest): Promise<LoadedSlots> {
    const shown = this.#slots.filter(
      ({ plugin, value: { slot, permission } }) =>
        names.includes(slot) &&
        !isSkipped(plugin) &&
        !this.#isFailing(plugin, slot) &&
        (permission === undefined || request.may(permission)),
    );
    const loaded = await Promise.all(shown.map((one) => this.#load(one, input, request.signal)));
    return Object.fromEntries(names.map((name) => [name, loaded.filter(({ slot }) => slot === name)]));
  }

  #isFailing(plugin: string, slot: string): boolean {
    const { breaker } = this.#oversight;
    return breaker.isOpen(breaker.circuit(plugin, placeOf('slot', slot)));
  }

  async #load({ plugin, value }: OwnedSlot, input: unknown, outer: AbortSignal | undefined): Promise<LoadedSlot> {
    const { slot, template, deadlineMs = this.#oversight.slotDeadlineMs } = value;
    const abort = new AbortController();
    const signal = outer === undefined ? abort.signal : AbortSignal.any([outer, abort.signal]);
    try {
      const work = this.#oversight.run(plugin, 'slot', slot, async () => value.load?.(input, signal));
      const data = (await withinDeadline(work, deadlineMs)) ?? {};
      return { plugin, slot, state: 'ready', template, data };
    } catch (error) {
      const isLate = error instanceof DeadlinePassed;
      if (isLate) abort.abort(error);
      this.#oversight.noteFailure(plugin, 'slot', slot, isLate);
      this.#oversight.fault({ plugin, hook: placeOf('slot', slot), kind: isLate ? 'timeout' : 'throw', error });
      return { plugin, slot, state: isLate ? 'late' : 'failed', template, data: {} };
    }
  }
}

/**
 * Prints one place from what was loaded; meant for the `slot` helper. What a template of a plugin
 * throws turns its part into a placeholder.
 */
export function printSlot(
  loaded: readonly LoadedSlot[],
  print: { readonly ready: (one: LoadedSlot) => string; readonly placeholder: (one: LoadedSlot) => string; readonly onFault: FaultSink },
): string {
  return loaded
    .map((one) => {
      if (one.state !== 'ready') return print.placeholder(one);
      try {
        return runAsPlugin(one.plugin, () => print.ready(one), placeOf('slot', one.slot));
      } catch (error) {
        print.onFault({ plugin: one.plugin, hook: placeOf('slot', one.slot), kind: 'throw', error });
        return print.placeholder({ ...one, state: 'failed', data: {} });
      }
    })
    .join('');
}
