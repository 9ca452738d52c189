import type { Clock } from '../kernel/clock.ts';
import { isSignatureOf, signatureOf } from '../kernel/signed.ts';

const contentPath = '/content/';

/** Whether content is served there: no session is looked up for it, and no cookie is set. */
export function isContentPath(path: string): boolean {
  return path.toLowerCase().startsWith(contentPath);
}

export interface LinkedFile {
  readonly id: number;
  /** Stands last in the address; signed, so that nobody hands out a file under another name. */
  readonly name: string;
}

// The address stays the same for a while, so that browsers keep what they have; it is good for twice that at most.
const stepMs = 15 * 60_000;

/** Addresses of file contents: signed for one file and name, and good for 15 to 30 minutes for whoever has them (mail.md A3). */
export class ContentLinks {
  readonly #key: () => Buffer;
  readonly #clock: Clock;

  /** @param key Asked for each address: it may be lost and found while the desk runs. */
  constructor(key: () => Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  addressOf(file: LinkedFile): string {
    const until = (Math.floor(this.#clock.now() / stepMs) + 2) * stepMs;
    const signature = signatureOf(this.#key(), textOf(file, until));
    return `${contentPath}${file.id}/${until}/${signature}/${encodeURIComponent(file.name)}`;
  }

  /** @returns `forged` also for what never was such an address. */
  judge(file: LinkedFile, until: number, signature: string): 'open' | 'ended' | 'forged' {
    if (!isSignatureOf(this.#key(), textOf(file, until), signature)) return 'forged';
    return until > this.#clock.now() ? 'open' : 'ended';
  }
}

function textOf({ id, name }: LinkedFile, until: number): string {
  return `${id}|${until}|${name}`;
}
