import { setTimeout as pause } from 'node:timers/promises';
import type { Storage } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import { Unavailable } from './errors.ts';
import { liveForMs, liveGenerations, type ProcessIdentity, reportProcess } from './plugins-repository.ts';

const pauseMs = 50;

/**
 * Waits until every live process serves at least `generation`.
 *
 * @throws Unavailable `plugins.not-everywhere` after `patienceMs`; the change stays, and the rest follows at its next poll.
 */
export async function untilEverywhere(
  storage: Storage,
  clock: Clock,
  { generation, patienceMs }: { readonly generation: number; readonly patienceMs: number },
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const live = await liveGenerations(storage.read, clock.now() - liveForMs);
    const switched = live.filter((one) => one >= generation).length;
    if (switched === live.length) return;
    if (performance.now() - startedAt >= patienceMs) {
      const message = `${switched} of ${live.length} processes switched.`;
      throw new Unavailable('plugins.not-everywhere', { switched, processes: live.length, message });
    }
    await pause(pauseMs);
  }
}

/** Runs one piece of work at a time. Calls that arrive while one waits share it, because it will see the latest state. */
export class SerialQueue {
  #running: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, Promise<void>>();

  run(name: string, work: () => Promise<void>): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) return waiting;
    const next = this.#running.then(() => {
      this.#waiting.delete(name);
      return work();
    });
    this.#waiting.set(name, next);
    this.#running = next.catch(() => {});
    return next;
  }
}

// A third of the time after which a silent process counts as gone.
const heartbeatMs = liveForMs / 3;

/** Tells the other processes which generation this one serves: at once when it changed, else often enough to count as alive. */
export class Heartbeat {
  readonly #ports: { readonly storage: Storage; readonly clock: Clock; readonly process: ProcessIdentity };
  #last = { generation: -1, at: 0 };

  constructor(ports: { readonly storage: Storage; readonly clock: Clock; readonly process: ProcessIdentity }) {
    this.#ports = ports;
  }

  async beat(generation: number, versions: ReadonlyMap<string, string>): Promise<void> {
    const { storage, clock, process } = this.#ports;
    const now = clock.now();
    if (this.#last.generation === generation && Math.abs(now - this.#last.at) < heartbeatMs) return;
    this.#last = { generation, at: now };
    await reportProcess(storage, process, { generation, now, versions });
  }
}
