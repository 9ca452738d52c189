import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';

/** Where the content of files is served: no session is looked up below it, and no cookie is set. */
export const contentPath = '/content/';

export interface LinkedFile {
  readonly id: number;
  /** What it is called where it is attached. */
  readonly name: string;
}

// The address stays the same for a while, so that browsers keep what they have; it is good for twice that at most.
const stepMs = 15 * 60_000;

/** Addresses of file contents: signed for one file and name, and good for 15 to 30 minutes for whoever has them (mail.md A3). */
export class ContentLinks {
  readonly #key: () => Buffer;
  readonly #clock: Clock;

  constructor(key: () => Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  addressOf({ id, name }: LinkedFile): string {
    const until = (Math.floor(this.#clock.now() / stepMs) + 2) * stepMs;
    return `${contentPath}${id}/${until}/${this.#sign(id, name, until)}/${encodeURIComponent(name)}`;
  }

  /** @returns `forged` also for what never was such an address. */
  judge({ id, name }: LinkedFile, until: number, signature: string): 'open' | 'ended' | 'forged' {
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(id, name, until))];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return 'forged';
    return until > this.#clock.now() ? 'open' : 'ended';
  }

  #sign(id: number, name: string, until: number): string {
    return createHmac('sha256', this.#key()).update(`${id}|${until}|${name}`).digest('base64url').slice(0, 32);
  }
}
