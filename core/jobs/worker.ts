import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../kernel/log.ts';
import { AppError } from '../kernel/errors.ts';
import { placeOf } from '../kernel/gauge.ts';
import type { Oversight } from '../kernel/oversight.ts';
import { runAsPlugin } from '../kernel/scope.ts';
import type { JobRegistry } from './job-registry.ts';
import { leaseMs, type JobQueue } from './job-queue.ts';
import { Hopeless, TryLater, type Job, type JobDefinition, type Lane } from './types.ts';

export interface WorkerOptions {
  readonly owner: string;
  /** Milliseconds between looks at the table when nothing woke the worker. Default 1,000. */
  readonly pollMs?: number;
  /** Told of what plugins' jobs cost and break. */
  readonly oversight?: Oversight;
}

// Interactive work has two slots that nothing else may take, so 50,000 imports cannot delay a reply.
const slots: readonly (readonly Lane[])[] = [['interactive'], ['interactive', 'normal'], ['normal', 'interactive'], ['bulk', 'normal']];
const pluginShare = Math.max(1, Math.floor(slots.length / 2));
const defaultTimeoutMs = 5 * 60_000;

/** Runs jobs of one process until it is stopped. */
export class Worker {
  private readonly queue: JobQueue;
  private readonly registry: JobRegistry;
  private readonly log: Logger;
  private readonly options: WorkerOptions;
  private readonly running = new Map<number, Job>();
  private readonly stopping = new AbortController();
  private readonly idle = new Set<() => void>();
  private loops: Promise<void>[] = [];

  constructor(queue: JobQueue, registry: JobRegistry, log: Logger, options: WorkerOptions) {
    this.queue = queue;
    this.registry = registry;
    this.log = log;
    this.options = options;
  }

  start(): void {
    this.queue.onWake(() => this.rouse());
    this.loops = slots.map((lanes) => this.loop(lanes));
  }

  /** Takes no more jobs, waits up to `graceMs` for the running ones and hands the rest back. */
  async stop(graceMs = 20_000): Promise<void> {
    this.stopping.abort();
    this.rouse();
    await Promise.race([Promise.all(this.loops), sleep(graceMs, undefined, { ref: false })]);
    await Promise.all([...this.running.values()].map((job) => this.queue.giveBack(job, this.options.owner)));
  }

  /** Runs everything that is due now, in this call; for tests and `jobs drain`. Returns how many jobs ran. */
  async drain(): Promise<number> {
    let ran = 0;
    for (;;) {
      const job = await this.claim(['interactive', 'normal', 'bulk']);
      if (job === undefined) return ran;
      await this.runJob(job);
      ran += 1;
    }
  }

  private async loop(lanes: readonly Lane[]): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const job = await this.claim(lanes);
        if (job === undefined) await this.rest();
        else await this.runJob(job);
      } catch (error) {
        this.log.error('The job queue could not be read.', { error });
        await sleep(1000, undefined, { ref: false });
      }
    }
  }

  private claim(lanes: readonly Lane[]): Promise<Job | undefined> {
    const held = new Map<string, number>();
    for (const { plugin } of this.running.values()) if (plugin !== null) held.set(plugin, (held.get(plugin) ?? 0) + 1);
    const busyPlugins = [...held].filter(([, count]) => count >= pluginShare).map(([plugin]) => plugin);
    return this.queue.claim({ owner: this.options.owner, lanes, names: this.registry.names(), busyPlugins });
  }

  private async runJob(job: Job): Promise<void> {
    const definition = this.registry.get(job.name);
    if (definition === undefined) {
      await this.queue.giveBack(job, this.options.owner);
      return;
    }
    this.running.set(job.id, job);
    const abort = new AbortController();
    const heartbeat = setInterval(() => {
      this.queue.heartbeat(job, this.options.owner).then(
        (isHeld) => isHeld || abort.abort(new Error('The lease of this job was lost.')),
        (error: unknown) => this.log.warn('A job could not renew its lease.', { job: job.name, error }),
      );
    }, leaseMs / 3);
    heartbeat.unref();
    try {
      await this.runHandler(definition, job, abort);
    } catch (error) {
      await this.settleFailure(job, error);
    } finally {
      clearInterval(heartbeat);
      this.running.delete(job.id);
    }
  }

  private async runHandler(definition: JobDefinition, job: Job, abort: AbortController): Promise<void> {
    const { owner } = this.options;
    let isFinished = false;
    const timeout = setTimeout(
      () => abort.abort(new JobTimeout('The job passed its time limit.')),
      definition.timeoutMs ?? defaultTimeoutMs,
    );
    timeout.unref();
    const run = {
      ...job,
      signal: abort.signal,
      finish: async (tx: Parameters<JobQueue['finish']>[0]) => {
        await this.queue.finish(tx, job, owner);
        tx.afterCommit(() => {
          isFinished = true;
        });
      },
    };
    const work = (): Promise<void> => Promise.race([definition.run(run), rejection(abort.signal)]);
    try {
      const { oversight } = this.options;
      const { plugin, name } = definition;
      if (plugin === null) await work();
      else await (oversight === undefined ? runAsPlugin(plugin, work) : oversight.run(plugin, 'job', name, work));
    } finally {
      clearTimeout(timeout);
    }
    if (!isFinished) await this.queue.complete(job, owner);
  }

  private async settleFailure(job: Job, error: unknown): Promise<void> {
    const isFree = error instanceof TryLater && error.isFree;
    const isFinal = error instanceof Hopeless || (job.attempts >= job.maxAttempts && !isFree);
    const delayMs = error instanceof TryLater ? error.delayMs : backoff(job.attempts);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log[isFinal ? 'error' : isFree ? 'info' : 'warn'](isFinal ? 'A job failed for good.' : 'A job failed and will be tried again.', {
      job: job.name,
      jobId: job.id,
      attempt: job.attempts,
      error,
    });
    // A refusal or a wish for another try is an answer; the retries of the queue are all that a failing job needs besides.
    if (job.plugin !== null && !(error instanceof AppError || error instanceof TryLater || error instanceof Hopeless)) {
      const kind = error instanceof JobTimeout ? 'timeout' : 'throw';
      this.options.oversight?.noteFailure(job.plugin, 'job', job.name, error instanceof JobTimeout);
      this.options.oversight?.onFault({ plugin: job.plugin, hook: placeOf('job', job.name), kind, error });
    }
    await this.queue.fail(job, this.options.owner, { error: text, delayMs, isFinal, isFree });
  }

  private rouse(): void {
    for (const wake of this.idle) wake();
    this.idle.clear();
  }

  private async rest(): Promise<void> {
    const wait = new AbortController();
    const wake = (): void => wait.abort();
    this.idle.add(wake);
    await sleep(this.options.pollMs ?? 1000, undefined, { signal: wait.signal, ref: false }).catch(() => undefined);
    this.idle.delete(wake);
  }
}

class JobTimeout extends Error {}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Doubles from 2 s to an hour, with up to a fifth of jitter so that many failures do not return at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(2 ** attempt * 1000, 3_600_000);
  return Math.round(base * (0.9 + random() * 0.2));
}
