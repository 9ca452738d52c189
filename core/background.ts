import type { Logger } from './kernel/log.ts';

/** Work that repeats as long as a desk runs: never twice at a time, and an error does not end it. */
export class Background {
  readonly #log: Logger;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  every(ms: number, work: () => Promise<unknown>): void {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      work()
        .catch((error: unknown) => this.#log.error('A background task failed and will run again.', { error }))
        .finally(() => (isRunning = false));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
