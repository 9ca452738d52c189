import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function pause<T = void>(ms: number, value?: T): Promise<T | undefined> {
  return delay(ms, value);
}

/** What a promise rejects with; fails when it does not. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** A repeatable source of numbers from 0 to 1, so that a failing property test can be run again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

/** A full collection, available without starting Node in a special way. */
export function collectGarbage(): void {
  if (typeof gc === 'function') gc();
}

const folders: string[] = [];

/** An empty folder that is removed when the run ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'helpdesk-kernel-')));
  folders.push(folder);
  return folder;
}

after(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});
