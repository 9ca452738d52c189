import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { crashReports, crashSentence, isCulprit, journalFolder, type CrashReport } from '@helpdesk/core/operator';
import { Failed, type Io } from './command.ts';

const firstDelayMs = 1000;
const longestDelayMs = 60_000;
// A process that ran this long was well; the next crash is a new story.
const wellAfterMs = 120_000;
const graceMs = 30_000;

/**
 * Keeps one child running: restarts it with a growing delay when it dies. A child that never became
 * ready on the first try cannot run at all (a port in use, a newer schema), so that ends the parent too,
 * unless it died while it loaded a plugin or in one: the next child starts at once, and without a culprit.
 */
export async function supervise(io: Io, data: string, args: readonly string[]): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let delayMs = firstDelayMs;
  let wasReady = false;
  const blamed = new Set<string>();
  for (;;) {
    const { isReady, isRestart, ranMs, how } = await runChild(io, args, stopping.signal);
    if (stopping.signal.aborted) return;
    wasReady ||= isReady;
    if (isRestart) {
      io.err('The desk starts anew.\n');
      continue;
    }
    // Once each: a child that cannot start at all leaves the note where it is.
    const crash = blamedCrashes(data, io.clock.now()).find(({ file }) => !blamed.has(file));
    if (crash !== undefined) {
      blamed.add(crash.file);
      io.err(`${crashSentence(crash)} The desk starts again${isCulprit(crash) ? ' without it' : ''}.\n`);
      continue;
    }
    // The child has said why.
    if (!wasReady) throw new Failed('');
    delayMs = ranMs > wellAfterMs ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs);
    io.err(`The desk ended (${how}) and starts again in ${Math.round(delayMs / 1000)} s.\n`);
    await pause(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return;
  }
}

// The child that starts next reads and removes them.
function blamedCrashes(data: string, now: number): readonly CrashReport[] {
  return crashReports(journalFolder(data), now).filter(({ plugin }) => plugin !== undefined);
}

interface Ended {
  readonly isReady: boolean;
  /** The child ended because it was asked to start anew. */
  readonly isRestart: boolean;
  readonly ranMs: number;
  readonly how: string;
}

function runChild(io: Io, args: readonly string[], stopping: AbortSignal): Promise<Ended> {
  const startedAt = performance.now();
  let isReady = false;
  let isRestart = false;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    cwd: io.cwd,
    env: io.env,
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
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      stopping.removeEventListener('abort', forward);
      resolve({ isReady, isRestart, ranMs: performance.now() - startedAt, how: signal ?? `exit code ${code ?? 0}` });
    });
  });
}
