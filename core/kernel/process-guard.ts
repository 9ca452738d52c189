import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CrashJournal } from './crash-journal.ts';
import type { Logger } from './log.ts';
import type { Oversight } from './oversight.ts';
import { currentScope } from './scope.ts';
import { startWatchdog } from './watchdog.ts';

export interface ProcessGuardPorts {
  readonly oversight: Oversight;
  readonly journal: CrashJournal;
  readonly log: Logger;
  /** Plugin id to the folder of its code. */
  readonly folders: () => Readonly<Record<string, string>>;
  readonly watchdogMs: number;
}

/**
 * Keeps a process alive that a plugin would end by an error nobody caught, and leaves a note when it
 * cannot. Errors of core still end the process: its state is unknown then, and the supervisor starts
 * it again. Returns the function that takes the guard away.
 */
export function guardProcess({ oversight, journal, log, folders, watchdogMs }: ProcessGuardPorts): () => void {
  const onError = (error: unknown): void => {
    const { plugin = ownerOf(error, folders()), hook = 'background' } = currentScope();
    if (plugin !== undefined && plugin !== 'core') return oversight.fault({ plugin, hook, kind: 'uncaught', error });
    log.error('An error that nobody caught ends this process.', { error });
    process.exit(1);
  };
  const onExit = (): void => {
    if (journal.noteOwnEnd()) return;
    const { plugin, hook } = currentScope();
    if (plugin !== undefined && plugin !== 'core') journal.note({ phase: 'hook', plugin, hook });
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  process.on('exit', onExit);
  const stopWatching = startWatchdog({ limitMs: watchdogMs, journalFile: journal.file, folders });
  return () => {
    stopWatching();
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
    process.off('exit', onExit);
  };
}

/** The plugin in whose folder the first frame of a stack lies that lies in any. */
export function ownerOf(error: unknown, folders: Readonly<Record<string, string>>): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const line of stack.split('\n').slice(1)) {
    const [place] = /(?:file:\/\/)?\/[^\s()]+/.exec(line) ?? [];
    if (place === undefined) continue;
    const file = place.startsWith('file:') ? fileURLToPath(place.replace(/(:\d+){1,2}$/, '')) : place;
    const owner = Object.entries(folders).find(([, folder]) => file.startsWith(folder + path.sep));
    if (owner !== undefined) return owner[0];
  }
  return undefined;
}
