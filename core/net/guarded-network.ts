import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent, RequestInit as UndiciInit } from 'undici';
import { Forbidden } from '../kernel/errors.ts';
import { isPrivateAddress } from './private-hosts.ts';

export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface NetworkOptions {
  /** The `uses` of a manifest; those that begin with `net:` name hosts. */
  readonly uses: readonly string[];
  /** Hosts that the operator lets into the private network. */
  readonly privateHosts: readonly string[];
  /** Finds the addresses of a name; the system's resolver unless a test has another. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Bytes. */
  readonly maxBytes?: number;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs?: number;
}

const defaults = { maxBytes: 20 * 1024 * 1024, timeoutMs: 30_000 };

/**
 * The way out to other servers: declared hosts only, no private addresses.
 *
 * The address is judged where the connection is made, so a name that leads elsewhere a moment later gains nothing.
 */
export class GuardedNetwork {
  readonly #options: NetworkOptions;
  readonly #hosts: ReadonlySet<string>;
  #agent: Agent | undefined;
  #isClosed = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#hosts = new Set(options.uses.filter((one) => one.startsWith('net:')).map((one) => one.slice('net:'.length)));
  }

  /** @throws Forbidden `net.host-undeclared`, `net.host-private`. */
  readonly fetch: GuardedFetch = async (input, init = {}) => {
    const url = new URL(input);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (!['http:', 'https:'].includes(url.protocol) || !(this.#hosts.has(url.hostname) || this.#hosts.has('*')))
      throw new Forbidden('net.host-undeclared', { host });
    // Nothing is looked up for an address, so it is judged here.
    if (isIP(host) !== 0 && this.#isRefused(host, host)) throw new Forbidden('net.host-private', { host });
    // The library takes a tenth of the time that a desk takes to load, and most desks never fetch anything.
    const undici = await import('undici');
    if (this.#isClosed) throw new Error('This way out is closed.');
    this.#agent ??= new undici.Agent(this.#agentOptions());
    // Begun before the library was there, the first call would have less time than it was promised.
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? defaults.timeoutMs);
    const signal = init.signal == null ? timeout : AbortSignal.any([timeout, init.signal]);
    try {
      const options = { ...init, signal, redirect: 'manual', dispatcher: this.#agent };
      return (await undici.fetch(url, options as UndiciInit)) as unknown as Response;
    } catch (error) {
      if (error instanceof Error && error.cause instanceof Forbidden) throw error.cause;
      throw error;
    }
  };

  /** Whether the operator lets the desk reach this host of the private network. */
  allowsPrivate(host: string): boolean {
    return this.#options.privateHosts.includes(host.toLowerCase());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#agent?.destroy();
  }

  #agentOptions(): Agent.Options {
    const { maxBytes = defaults.maxBytes, timeoutMs = defaults.timeoutMs } = this.#options;
    return {
      connect: { lookup: this.#lookup, timeout: 10_000 },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxResponseSize: maxBytes,
      connections: 8,
    };
  }

  #isRefused(host: string, address: string): boolean {
    return isPrivateAddress(address) && !this.allowsPrivate(host);
  }

  readonly #lookup: LookupFunction = (host, { all }, done) => {
    // A name that does not exist comes without a list.
    const answer = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[] = []): void => {
      const refused = error === null && found.some(({ address }) => this.#isRefused(host, address));
      const failure = refused ? new Forbidden('net.host-private', { host }) : error;
      if (failure !== null || all === true) done(failure, [...found]);
      else done(null, found[0]?.address ?? '', found[0]?.family);
    };
    const { resolve } = this.#options;
    if (resolve === undefined) lookup(host, { all: true }, answer);
    else
      resolve(host).then(
        (found) => answer(null, found),
        (error: NodeJS.ErrnoException) => answer(error, []),
      );
  };
}
