import type { ContributionKind, Owned } from './contributions.ts';
import type { FoundPlugin } from './manifest.ts';
import { SlotRegistry } from './slots.ts';
import type { FaultSink } from './hook-types.ts';
import type { Oversight } from './oversight.ts';
import type { Templates } from './templates.ts';

/** What every part of one request sees of the plugins. Never changes; a lifecycle change makes a new one. */
export interface Snapshot {
  readonly generation: number;
  /** The running plugins in load order. */
  readonly plugins: readonly FoundPlugin[];
  readonly routes: readonly Owned<'route'>[];
  readonly helpers: readonly Owned<'helper'>[];
  readonly slots: SlotRegistry;
  readonly templates: Templates | undefined;
  /** Plugins that were stopped because they kept failing. */
  readonly quarantined: readonly string[];
  /** Every contribution of one kind, in load order. */
  all<K extends ContributionKind>(kind: K): readonly Owned<K>[];
}

export interface SnapshotParts {
  readonly generation: number;
  readonly plugins: readonly FoundPlugin[];
  readonly contributions: readonly Owned[];
  readonly onFault: FaultSink;
  readonly oversight?: Oversight | undefined;
  readonly quarantined?: readonly string[];
  readonly templates?: (snapshot: Omit<Snapshot, 'templates'>) => Templates | undefined;
}

export function buildSnapshot({
  generation,
  plugins,
  contributions,
  onFault,
  oversight,
  quarantined = [],
  templates,
}: SnapshotParts): Snapshot {
  const all = <K extends ContributionKind>(kind: K): readonly Owned<K>[] =>
    contributions.filter((one): one is Owned<K> => one.kind === kind);
  const slots = new SlotRegistry(all('slot'), onFault, oversight);
  const base = { generation, plugins, routes: all('route'), helpers: all('helper'), slots, quarantined, all };
  return Object.freeze({ ...base, templates: templates?.(base) });
}

/** Which plugins a request leaves out. */
export type Skip = ReadonlySet<string> | 'all';

/** What requests see from now on, and the same without some plugins for those who asked for it. */
export class Snapshots {
  readonly #build: (generation: number, skip?: Skip) => Snapshot;
  /** Made when first needed, gone with the snapshot they belong to. */
  readonly #without = new WeakMap<Snapshot, Map<string, Snapshot>>();
  #current: Snapshot;

  constructor(build: (generation: number, skip?: Skip) => Snapshot) {
    this.#build = build;
    this.#current = build(0);
  }

  get current(): Snapshot {
    return this.#current;
  }

  publish(generation: number = this.#current.generation): void {
    this.#current = this.#build(generation);
  }

  without(skip: Skip): Snapshot {
    const key = skip === 'all' ? 'all' : [...skip].toSorted().join(' ');
    const known = this.#without.get(this.#current) ?? new Map<string, Snapshot>();
    this.#without.set(this.#current, known);
    const snapshot = known.get(key) ?? this.#build(this.#current.generation, skip);
    known.set(key, snapshot);
    return snapshot;
  }
}
