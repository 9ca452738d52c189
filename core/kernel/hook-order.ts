import { Invalid } from './errors.ts';

export interface Ordered {
  readonly plugin: string;
  readonly loadOrder: number;
  readonly sequence: number;
  readonly options: { readonly priority?: number; readonly before?: readonly string[]; readonly after?: readonly string[] };
}

export const defaultPriority = 10;

/**
 * Sorts by priority, load order and time of registration, then moves handlers so that every
 * `before` and `after` holds; names of absent plugins are ignored. The result depends only on
 * the set, so each process computes the same order.
 *
 * @throws Invalid `hooks.order-cycle` when the wishes contradict each other.
 */
export function inOrder<T extends Ordered>(hook: string, registrations: readonly T[]): readonly T[] {
  const sorted = registrations.toSorted(byPriority);
  const placed = new Set<T>();
  const entered = new Set<T>();
  const result: T[] = [];
  for (const one of sorted) place(one, []);
  return result;

  function place(one: T, path: readonly string[]): void {
    if (placed.has(one)) return;
    const chain = [...path, one.plugin];
    if (entered.has(one)) {
      throw new Invalid('hooks.order-cycle', { hook, chain, message: `The order of ${hook} contradicts itself: ${chain.join(' -> ')}` });
    }
    entered.add(one);
    for (const other of sorted) if (other !== one && comesBefore(other, one)) place(other, chain);
    placed.add(one);
    result.push(one);
  }
}

function byPriority(a: Ordered, b: Ordered): number {
  return (
    (a.options.priority ?? defaultPriority) - (b.options.priority ?? defaultPriority) ||
    a.loadOrder - b.loadOrder ||
    (a.plugin < b.plugin ? -1 : Number(a.plugin > b.plugin)) ||
    a.sequence - b.sequence
  );
}

// A plugin's wish about itself says nothing about its other handlers.
function comesBefore(other: Ordered, one: Ordered): boolean {
  if (other.plugin === one.plugin) return false;
  return (one.options.after ?? []).includes(other.plugin) || (other.options.before ?? []).includes(one.plugin);
}
