import type { ContributionKind, Owned } from './contributions.ts';
import type { FoundPlugin } from './manifest.ts';
import { SlotRegistry } from './slots.ts';
import type { FaultSink } from './hook-point.ts';
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
