import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { BlamedCrash } from './blamed-crash.ts';

const firstDelayMs = 1000;
const longestDelayMs = 60_000;
// A process that ran this long was well; the next crash is a new story.
const wellAfterMs = 120_000;
const graceMs = 30_000;

/**
 * Keeps one child running: restarts it with a growing delay when it dies. A child that never became
 * ready on the first try cannot run at all (a port in use, a newer schema), so that ends the parent too,
 * unless it died while it loaded a plugin or in one: the next child starts at once, and without a culprit.
 *
 * Nothing of the desk is loaded here before a child has died: whoever waits for the first page waits for the
 * child alone, and a parent that only waits is small.
 *
 * @param args Of a command that runs the desk, for the child.
 * @returns The exit code: that of a child that cannot run, else 0.
 */
export async function supervise(args: readonly string[]): Promise<number> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let delayMs = firstDelayMs;
  let wasReady = false;
  const blamed = new Set<string>();
  for (;;) {
    const { isReady, isRestart, ranMs, code, how } = await runChild(args, stopping.signal);
    if (stopping.signal.aborted) return 0;
    wasReady ||= isReady;
    if (isRestart) {
      say('The desk starts anew.');
      continue;
    }
    // Once each: a child that cannot start at all leaves the note where it is.
    const crash = await findCrash(blamed);
    if (stopping.signal.aborted) return 0;
    if (crash !== undefined) {
      blamed.add(crash.file);
      say(`${crash.sentence} The desk starts again${crash.isCulprit ? ' without it' : ''}.`);
      continue;
    }
    // The child has said why.
    if (!wasReady) return code ?? 1;
    delayMs = ranMs > wellAfterMs ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs);
    say(`The desk ended (${how}) and starts again in ${Math.round(delayMs / 1000)} s.`);
    await pause(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return 0;
  }
}

// What cannot be loaded or read now, as in the middle of an upgrade, is what the child complained about.
function findCrash(known: ReadonlySet<string>): Promise<BlamedCrash | undefined> {
  return import('./blamed-crash.ts').then(({ blamedCrash }) => blamedCrash(known)).catch(() => undefined);
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

interface Ended {
  readonly isReady: boolean;
  /** The child ended because it was asked to start anew. */
  readonly isRestart: boolean;
  readonly ranMs: number;
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly how: string;
}

function runChild(args: readonly string[], stopping: AbortSignal): Promise<Ended> {
  const startedAt = performance.now();
  let isReady = false;
  let isRestart = false;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => {
    if (message === 'ready') isReady = true;
    if (message === 'restart') isRestart = true;
  });
  const forward = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
  };
  stopping.addEventListener('abort', forward, { once: true });
  return new Promise((resolve) => {
    const end = (code: number | null, how: string): void => {
      stopping.removeEventListener('abort', forward);
      resolve({ isReady, isRestart, ranMs: performance.now() - startedAt, code, how });
    };
    child.once('error', ({ message }) => end(1, message));
    child.once('exit', (code, signal) => end(code, signal ?? `exit code ${code ?? 0}`));
  });
}
