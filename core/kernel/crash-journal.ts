import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

/** What a process was doing when it died. */
export interface CrashNote {
  readonly host: string;
  readonly pid: number;
  /** `import` and `activate`: it died in there. `hook`: the plugin ended the process. `blocked`: the watchdog did. */
  readonly phase: 'import' | 'activate' | 'hook' | 'blocked';
  /** Undefined when nobody could be blamed. */
  readonly plugin?: string | undefined;
  readonly version?: string | undefined;
  readonly hook?: string | undefined;
  readonly stack?: string | undefined;
  /** The process ended by itself, by `exit` or an error; absent where something else killed it. */
  readonly isOwnEnd?: boolean | undefined;
  /** The process before was killed while it loaded this very plugin. */
  readonly isRepeated?: boolean | undefined;
}

export interface CrashReport extends CrashNote {
  readonly file: string;
}

// Notes of this very process, which lives; tests run several desks in one.
const ownFiles = new Set<string>();
// Import and activation have ten seconds each: an older note of them is one of a dead process, whatever its host.
const staleMs = 60_000;

/**
 * One small file per process, written before a plugin is loaded and removed after it. It lies on the
 * disk and not in the database, because a process that dies has no time for a transaction.
 */
export class CrashJournal {
  readonly #file: string;
  readonly #suspects = new Set<string>();
  #loading: CrashNote | undefined;

  constructor(folder: string, processId: string) {
    this.#file = path.join(folder, `${processId}.json`);
    ownFiles.add(this.#file);
  }

  get file(): string {
    return this.#file;
  }

  note(note: Omit<CrashNote, 'host' | 'pid' | 'isOwnEnd' | 'isRepeated'>): void {
    const isRepeated = note.plugin !== undefined && this.#suspects.has(note.plugin);
    const whole = { ...note, host: hostname(), pid: process.pid, isRepeated };
    this.#loading = note.phase === 'import' || note.phase === 'activate' ? whole : undefined;
    writeNote(this.#file, whole);
  }

  /** The process ends by itself; false when it loads no plugin, so that the journal blames nobody for it. */
  noteOwnEnd(): boolean {
    if (this.#loading === undefined) return false;
    writeNote(this.#file, { ...this.#loading, isOwnEnd: true });
    return true;
  }

  /** A process was killed while it loaded this plugin, which may be chance once. */
  suspect(plugin: string): void {
    this.#suspects.add(plugin);
  }

  /** The plugin is loaded. */
  clear(): void {
    if (this.#loading?.plugin !== undefined) this.#suspects.delete(this.#loading.plugin);
    this.#loading = undefined;
    rmSync(this.#file, { force: true });
  }
}

/**
 * Whether the plugin that a report names is to blame. Whatever stops a machine also kills the process that
 * is loading a plugin at that moment; only when the next one dies at the same place is that no chance.
 */
export function isCulprit({ phase, isOwnEnd, isRepeated }: CrashNote): boolean {
  return phase === 'hook' || phase === 'blocked' || isOwnEnd === true || isRepeated === true;
}

/** Writes a note that is either whole or absent. */
export function writeNote(file: string, note: CrashNote): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(note));
  renameSync(`${file}.new`, file);
}

/** Where the notes of a desk's processes lie. */
export function journalFolder(data: string): string {
  return path.join(data, 'journal');
}

/** The notes of processes that are dead. */
export function crashReports(folder: string, now: number): readonly CrashReport[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(folder, name))
    .flatMap((file) => {
      const note = readNote(file);
      return note !== undefined && isDead(note, file, now) ? [{ ...note, file }] : [];
    });
}

/** One sentence for an administrator. */
export function crashSentence({ phase, plugin, version, hook }: CrashNote): string {
  const who = plugin === undefined ? 'something' : [plugin, version].filter((part) => part !== undefined).join(' ');
  if (phase === 'blocked')
    return `The process did nothing else for seconds while ${who} ran${hook === undefined ? '' : ` ${hook}`}, and was ended.`;
  if (phase === 'hook') return `The process was ended by ${who}${hook === undefined ? '' : ` in ${hook}`}.`;
  return `The process died during the ${phase === 'import' ? 'import' : 'activation'} of ${who}.`;
}

function isDead({ phase, host, pid }: CrashNote, file: string, now: number): boolean {
  // These are the last thing a process does.
  if (phase === 'hook' || phase === 'blocked') return true;
  if (ownFiles.has(file)) return false;
  // Our own number is that of an earlier life, as in a container, where it is always 1.
  if (host === hostname()) return pid === process.pid || !isAlive(pid);
  try {
    return statSync(file).mtimeMs < now - staleMs;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

function readNote(file: string): CrashNote | undefined {
  try {
    const note: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof note === 'object' && note !== null && 'phase' in note && 'pid' in note ? (note as CrashNote) : undefined;
  } catch {
    return undefined;
  }
}
