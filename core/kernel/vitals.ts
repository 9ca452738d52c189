/*
 * What the watchdog's thread can see while this thread is blocked: a beat, the work that was entered
 * last, and the names of all works. A number per call, because a handler may run a million times a minute.
 */
const nameBytes = 128 * 1024;

export interface Vitals {
  /** 0: the beat; 1: the id of the running work, 0 for core; 2: how many bytes of `names` are written. */
  readonly state: Int32Array;
  /** One line per work: id, plugin and hook with tabs between. */
  readonly names: Uint8Array;
}

export const vitals: Vitals = {
  state: new Int32Array(new SharedArrayBuffer(12)),
  names: new Uint8Array(new SharedArrayBuffer(nameBytes)),
};

const { state, names } = vitals;
const ids = new Map<string, number>();
const encoder = new TextEncoder();

/** A number for a place in a plugin; 0, as for core, when there are too many to name. */
export function workId(plugin: string, hook: string): number {
  const key = `${plugin}\t${hook.replaceAll(/\s+/g, ' ')}`;
  const known = ids.get(key);
  if (known !== undefined) return known;
  const id = ids.size + 1;
  const line = encoder.encode(`${id}\t${key}\n`);
  const at = state[2] ?? 0;
  if (at + line.length > names.length) return 0;
  names.set(line, at);
  Atomics.store(state, 2, at + line.length);
  ids.set(key, id);
  return id;
}

/** Marks `id` as what runs from here; returns what ran before, for `leaveWork`. */
export function enterWork(id: number): number {
  const before = state[1] ?? 0;
  state[1] = id;
  return before;
}

export function leaveWork(before: number): void {
  state[1] = before;
}

export function beat(): void {
  Atomics.add(state, 0, 1);
}

/** The plugin and hook behind an id, read from the names that another thread wrote. */
export function workNamed(
  { state: shared, names: bytes }: Vitals,
  id: number,
): { readonly plugin: string; readonly hook: string } | undefined {
  const text = new TextDecoder().decode(bytes.slice(0, Atomics.load(shared, 2)));
  const line = text.split('\n').find((one) => one.startsWith(`${id}\t`));
  const [, plugin, hook] = line?.split('\t') ?? [];
  return plugin === undefined || hook === undefined ? undefined : { plugin, hook };
}
