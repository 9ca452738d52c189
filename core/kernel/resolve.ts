import type { PluginManifest } from './manifest-schema.ts';
import { isRange, satisfies } from './versions.ts';

/** What resolution needs to know of a plugin. */
export interface Candidate {
  readonly id: string;
  readonly version: string;
  readonly manifest: Pick<PluginManifest, 'api' | 'requires' | 'optional' | 'conflicts' | 'db'>;
}

export type BlockReason =
  | 'missing'
  | 'api'
  | 'slug'
  | 'conflict'
  | 'requires-missing'
  | 'requires-inactive'
  | 'requires-version'
  | 'requires-blocked'
  | 'cycle';

export interface Blocked {
  readonly id: string;
  readonly reason: BlockReason;
  /** From the blocked plugin to the one that is the cause; a cycle ends where it begins. */
  readonly chain: readonly string[];
  /** One sentence for an administrator. */
  readonly message: string;
}

export interface Resolution {
  /** Ids in the order of activation; the same in every process. */
  readonly order: readonly string[];
  readonly blocked: readonly Blocked[];
}

/** Which of the desired plugins can run together, and in what order. Pure. */
export function resolve(manifests: readonly Candidate[], desired: readonly string[], apiVersion: string): Resolution {
  const present = new Map(manifests.map((one) => [one.id, one]));
  const wanted = new Set(desired.toSorted());
  const blocked = new Map<string, Blocked>();

  for (const id of wanted) {
    const plugin = present.get(id);
    const wrong =
      plugin === undefined
        ? missing(id)
        : (wrongApi(plugin, apiVersion) ??
          wrongSlug(plugin, present, wanted) ??
          conflict(plugin, present, wanted) ??
          cycle(id, present) ??
          wrongRequirement(plugin, present, wanted));
    if (wrong !== undefined) blocked.set(id, wrong);
  }
  blockDependents(present, wanted, blocked);

  const running = [...wanted].filter((id) => !blocked.has(id));
  return { order: inLoadOrder(running, present), blocked: [...blocked.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** The desired plugins that could not run without `id`, nearest first. */
export function dependentsOf(id: string, manifests: readonly Candidate[], desired: readonly string[]): readonly string[] {
  const found = new Set<string>();
  collect(id);
  found.delete(id);
  return [...found];

  function collect(target: string): void {
    for (const one of manifests) {
      if (found.has(one.id) || !desired.includes(one.id) || own(one.manifest.requires, target) === undefined) continue;
      found.add(one.id);
      collect(one.id);
    }
  }
}

function missing(id: string): Blocked {
  return { id, reason: 'missing', chain: [id], message: `${id} is switched on but its folder is missing.` };
}

function wrongApi({ id, manifest }: Candidate, apiVersion: string): Blocked | undefined {
  if (!isRange(manifest.api))
    return { id, reason: 'api', chain: [id], message: `${id} asks for the plugin API "${manifest.api}", which is not a version range.` };
  if (satisfies(apiVersion, manifest.api)) return undefined;
  return { id, reason: 'api', chain: [id], message: `${id} needs the plugin API ${manifest.api}; this desk has ${apiVersion}.` };
}

// The first by id keeps the tables, so that every process blocks the same one.
function wrongSlug({ id, manifest }: Candidate, present: ReadonlyMap<string, Candidate>, wanted: ReadonlySet<string>): Blocked | undefined {
  const slug = manifest.db?.slug;
  if (slug === undefined) return undefined;
  const other = [...wanted].find((one) => one < id && present.get(one)?.manifest.db?.slug === slug);
  if (other === undefined) return undefined;
  return { id, reason: 'slug', chain: [id, other], message: `${id} and ${other} both name their tables p_${slug}_.` };
}

function conflict(plugin: Candidate, present: ReadonlyMap<string, Candidate>, wanted: ReadonlySet<string>): Blocked | undefined {
  const { id } = plugin;
  const other = [...wanted]
    .map((one) => present.get(one))
    .find((one) => one !== undefined && one.id !== id && (clashes(plugin, one) || clashes(one, plugin)));
  if (other === undefined) return undefined;
  return { id, reason: 'conflict', chain: [id, other.id], message: `${id} and ${other.id} cannot run together.` };
}

function clashes(one: Candidate, other: Candidate): boolean {
  const range = own(one.manifest.conflicts, other.id);
  return range !== undefined && satisfies(other.version, range);
}

function wrongRequirement(
  { id, manifest }: Candidate,
  present: ReadonlyMap<string, Candidate>,
  wanted: ReadonlySet<string>,
): Blocked | undefined {
  for (const [needed, range] of sortedEntries(manifest.requires)) {
    const chain = [id, needed];
    const other = present.get(needed);
    if (other === undefined) return { id, reason: 'requires-missing', chain, message: `${id} needs ${needed}, which is not installed.` };
    if (!wanted.has(needed)) return { id, reason: 'requires-inactive', chain, message: `${id} needs ${needed}, which is switched off.` };
    if (!satisfies(other.version, range))
      return { id, reason: 'requires-version', chain, message: `${id} needs ${needed} ${range}; ${other.version} is installed.` };
  }
  return undefined;
}

// Looked for among all that are here: somebody who switches on one after the other would never be told.
function cycle(id: string, present: ReadonlyMap<string, Candidate>): Blocked | undefined {
  const chain = cycleThrough(id, present);
  return chain === undefined ? undefined : { id, reason: 'cycle', chain, message: `${id} needs itself: ${chain.join(' -> ')}.` };
}

function cycleThrough(start: string, present: ReadonlyMap<string, Candidate>): readonly string[] | undefined {
  const seen = new Set<string>();
  return walk(start, [start]);

  function walk(id: string, chain: readonly string[]): readonly string[] | undefined {
    for (const [needed] of sortedEntries(present.get(id)?.manifest.requires)) {
      if (needed === start) return [...chain, start];
      if (seen.has(needed)) continue;
      seen.add(needed);
      const found = walk(needed, [...chain, needed]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function blockDependents(present: ReadonlyMap<string, Candidate>, wanted: ReadonlySet<string>, blocked: Map<string, Blocked>): void {
  let before: number;
  do {
    before = blocked.size;
    for (const id of wanted) {
      if (blocked.has(id)) continue;
      const cause = sortedEntries(present.get(id)?.manifest.requires).flatMap(([needed]) => blocked.get(needed) ?? [])[0];
      if (cause !== undefined) {
        blocked.set(id, {
          id,
          reason: 'requires-blocked',
          chain: [id, ...cause.chain],
          message: `${id} needs ${cause.id}, which cannot run: ${cause.message}`,
        });
      }
    }
  } while (blocked.size > before);
}

// Kahn's order, always taking the smallest id that is free. Optional plugins come first when they run.
function inLoadOrder(running: readonly string[], present: ReadonlyMap<string, Candidate>): readonly string[] {
  const hard = new Map(running.map((id) => [id, sortedEntries(present.get(id)?.manifest.requires).map(([one]) => one)]));
  const soft = new Map(running.map((id) => [id, sortedEntries(present.get(id)?.manifest.optional).map(([one]) => one)]));
  const order: string[] = [];
  const waiting = new Set(running.toSorted());
  while (waiting.size > 0) {
    const isFree = (id: string, needs: ReadonlyMap<string, readonly string[]>) =>
      (needs.get(id) ?? []).every((one) => !waiting.has(one) || one === id);
    const free = [...waiting].filter((id) => isFree(id, hard));
    // A circle of optional wishes is no reason to refuse: the smallest id then goes first.
    const next = free.find((id) => isFree(id, soft)) ?? free[0];
    if (next === undefined) break;
    order.push(next);
    waiting.delete(next);
  }
  return order;
}

function sortedEntries(record: Readonly<Record<string, string>> | undefined): readonly [string, string][] {
  return Object.entries(record ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function own(record: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
