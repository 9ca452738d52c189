import { Session } from 'node:inspector';
import { hostname } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { writeNote } from './crash-journal.ts';
import { type Vitals, workNamed } from './vitals.ts';

export interface WatchdogPlan {
  readonly vitals: Vitals;
  readonly beatMs: number;
  readonly limitMs: number;
  readonly journalFile: string;
}

interface Frame {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
}

// Runs in a thread of its own. Missed beats are counted in ticks of this thread and not by the time of
// day: a machine that slept missed nothing.
const { vitals, beatMs, limitMs, journalFile } = workerData as WatchdogPlan;
const stackPatienceMs = 2000;
const unblamedFactor = 3;
let folders: Readonly<Record<string, string>> = {};
let lastBeat = -1;
let missed = 0;

parentPort?.on('message', (told: Readonly<Record<string, string>>) => (folders = told));
let isLooking = false;
setInterval(() => {
  const seen = Atomics.load(vitals.state, 0);
  missed = seen === lastBeat ? missed + 1 : 0;
  lastBeat = seen;
  if (missed * beatMs < limitMs || isLooking) return;
  isLooking = true;
  void judge().finally(() => (isLooking = false));
}, beatMs);

async function judge(): Promise<void> {
  const marked = workNamed(vitals, Atomics.load(vitals.state, 1));
  const blockedMs = missed * beatMs;
  // The stack says who runs now; the mark says in which hook, and is all there is for native code.
  const frames = await stackOfMain();
  const running = frames === undefined ? undefined : ownerOf(frames);
  const plugin = running ?? marked?.plugin;
  if (plugin === undefined && blockedMs < limitMs * unblamedFactor) return;
  // It came back to life while we looked.
  if (Atomics.load(vitals.state, 0) !== lastBeat) return;
  const hook = marked?.plugin === plugin ? marked?.hook : undefined;
  const stack = frames?.map(({ functionName, file, line }) => `    at ${functionName || '<anonymous>'} (${file}:${line})`).join('\n');
  writeNote(journalFile, { phase: 'blocked', plugin, hook, stack, host: hostname(), pid: process.pid });
  process.kill(process.pid, 'SIGKILL');
}

function ownerOf(frames: readonly Frame[]): string | undefined {
  for (const { file } of frames) {
    const owner = Object.entries(folders).find(([, folder]) => file.startsWith(folder + path.sep));
    if (owner !== undefined) return owner[0];
  }
  return undefined;
}

// Stops the other thread wherever it is, even inside `for (;;) {}`, and lets it go on afterwards.
function stackOfMain(): Promise<readonly Frame[] | undefined> {
  return new Promise((resolve) => {
    const session = new Session();
    const files = new Map<string, string>();
    const done = (frames: readonly Frame[] | undefined): void => {
      clearTimeout(timer);
      try {
        session.disconnect();
      } catch {
        // It was never connected.
      }
      resolve(frames);
    };
    const timer = setTimeout(() => done(undefined), stackPatienceMs);
    try {
      session.connectToMainThread();
      session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, fileOf(params.url)));
      session.on('Debugger.paused', ({ params }) =>
        done(
          params.callFrames.map(({ functionName, location }) => ({
            functionName,
            file: files.get(location.scriptId) ?? '',
            line: location.lineNumber + 1,
          })),
        ),
      );
      session.post('Debugger.enable', () => session.post('Debugger.pause'));
    } catch {
      done(undefined);
    }
  });
}

function fileOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
