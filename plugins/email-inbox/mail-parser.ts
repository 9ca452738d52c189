import { Worker } from 'node:worker_threads';
import { Unavailable } from '@helpdesk/core/plugin';
import { withoutMarks } from './body-marks.ts';
import { markScope } from './desk-identity.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { ParserAnswer } from './parsing-worker.ts';
import type { InboxContext } from './settings.ts';

export interface ParserLimits {
  /** Milliseconds for one mail. */
  readonly timeoutMs: number;
  /** MiB of objects the thread may hold. */
  readonly memoryMb: number;
}

const defaults: ParserLimits = { timeoutMs: 20_000, memoryMb: 512 };
const idleMs = 60_000;
const startMs = 60_000;

/** What the texts about a stopped parser name; `message` is what logs say. */
type StopDetails = { readonly message: string } & Readonly<Record<string, string | number>>;

/** A mail that the parser did not survive, for the quarantine list. */
export class ParserStopped extends Unavailable {}

/**
 * Reads mails in a thread of its own, one after the other: a mail that stalls or kills the parser ends that thread only
 * and is refused with the reason, while the desk goes on and the next mail gets a fresh thread (security.md test 11).
 */
export class MailParser {
  readonly #limits: ParserLimits;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;
  #isReady = false;
  #memoryMb = 0;

  constructor(limits: Partial<ParserLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** @throws ParserStopped when the mail took too long or too much memory. */
  parse(raw: Uint8Array, limits = this.#limits): Promise<ParsedMail> {
    const parsed = this.#last.then(() => this.#run(raw, limits));
    this.#last = parsed.catch(() => undefined);
    return parsed;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #run(raw: Uint8Array, { timeoutMs, memoryMb }: ParserLimits): Promise<ParsedMail> {
    clearTimeout(this.#idle);
    if (this.#worker !== undefined && this.#memoryMb !== memoryMb) this.#drop(this.#worker);
    const worker = this.#worker ?? this.#start(memoryMb);
    worker.ref();
    this.#count += 1;
    const id = this.#count;
    return new Promise<ParsedMail>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        finish();
      };
      const give = (how: 'broke' | 'memory' | 'slow' | 'unready', details: StopDetails): void =>
        settle(() => (this.#drop(worker), reject(new ParserStopped(`email-inbox.parser-${how}`, details))));
      let timer = setTimeout(() => give('unready', { message: 'The parser did not start.' }), startMs);
      const ask = (): void => {
        clearTimeout(timer);
        const seconds = timeoutMs / 1000;
        timer = setTimeout(() => give('slow', { seconds, message: `Reading this mail took longer than ${seconds} seconds.` }), timeoutMs);
        worker.postMessage({ id, raw });
      };
      const onMessage = (answer: ParserAnswer | 'ready'): void => {
        if (answer === 'ready') {
          this.#isReady = true;
          return ask();
        }
        if (answer.id !== id) return;
        settle(() => ('mail' in answer ? resolve(answer.mail) : reject(new Error(answer.error))));
        this.#rest(worker);
      };
      const onError = (error: NodeJS.ErrnoException): void =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? give('memory', { megabytes: memoryMb, message: `Reading this mail took more than ${memoryMb} MB of memory.` })
          : give('broke', { message: error.message });
      const onExit = (code: number): void => give('broke', { message: `The thread ended with code ${code}.` });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      if (this.#isReady) ask();
    });
  }

  #start(memoryMb: number): Worker {
    this.#isReady = false;
    this.#memoryMb = memoryMb;
    this.#worker = new Worker(new URL('./parsing-worker.js', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    return this.#worker;
  }

  #drop(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    void worker.terminate();
  }

  /** A desk without mail keeps no thread, and an idle one does not keep the process alive. */
  #rest(worker: Worker): void {
    worker.unref();
    this.#idle = setTimeout(() => this.#drop(worker), idleMs).unref();
  }
}

// One thread a process, however often the plugin is switched on: it ends by itself when nobody asks any more.
const parser = new MailParser();

/** Reads a mail within the limits that the settings name, without the desk's own marks, which are no words of its sender. @throws ParserStopped */
export async function parseWithin(ctx: InboxContext, raw: Uint8Array): Promise<ParsedMail> {
  const { parseSeconds, parseMegabytes } = await ctx.settings.get();
  const mail = await parser.parse(raw, { timeoutMs: parseSeconds * 1000, memoryMb: parseMegabytes });
  return withoutMarks(mail, markScope(ctx));
}
