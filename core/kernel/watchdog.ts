import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { beat, vitals } from './vitals.ts';
import type { WatchdogPlan } from './watchdog-thread.ts';

export interface WatchdogOptions {
  /** Milliseconds the event loop may be blocked by a plugin; three times that when nobody can be blamed. */
  readonly limitMs: number;
  /** Where the culprit is written. */
  readonly journalFile: string;
  /** Plugin id to folder: whose code stands on the stack. */
  readonly folders: () => Readonly<Record<string, string>>;
}

/**
 * Ends the process when its event loop is blocked, because nothing inside the loop can; the next start
 * is without the culprit. Returns the function that stops watching.
 */
export function startWatchdog({ limitMs, journalFile, folders }: WatchdogOptions): () => void {
  // Whoever stops at a breakpoint blocks the loop too.
  if (inspector.url() !== undefined) return () => undefined;
  const beatMs = Math.max(20, Math.min(500, limitMs / 20));
  const plan: WatchdogPlan = { vitals, beatMs, limitMs, journalFile };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: plan, env: {}, execArgv: [], stdout: true });
  thread.unref();
  // A desk without a watchdog is better than none.
  thread.on('error', () => undefined);
  let told = '';
  const timer = setInterval(() => {
    beat();
    const now = folders();
    const text = JSON.stringify(now);
    if (text === told) return;
    told = text;
    thread.postMessage(now);
  }, beatMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
