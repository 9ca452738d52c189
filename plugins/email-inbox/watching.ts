import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImapFlow } from 'imapflow';
import { Unavailable } from '@helpdesk/core/plugin';
import { fetchNew } from './fetching.ts';
import { explain, isRefusal, openImap } from './imap-connection.ts';
import { serverOf } from './imap-server.ts';
import {
  dropLease,
  findReceiver,
  leaseMs,
  listReceivers,
  reportFailure,
  reportSuccess,
  takeLease,
  type Receiver,
} from './receivers-repository.ts';
import { acknowledge, hasMarksToSet } from './server-marks.ts';
import type { InboxContext } from './settings.ts';

const lookMs = 1500;
const tickMs = 1000;
const pollMs = 60_000;
const pollWithoutIdleMs = 4000;
const reportMs = 60_000;
const longestBackoffMs = 300_000;
const maxRefusals = 3;

/** Keeps one connection per active mailbox for as long as the plugin runs in a process that takes jobs. */
export class MailboxWatch {
  private readonly ctx: InboxContext;
  private readonly owner = randomUUID();
  private readonly watchers = new Map<number, Watcher>();
  private readonly ending = new Map<number, Promise<void>>();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(ctx: InboxContext) {
    this.ctx = ctx;
  }

  start(): void {
    this.running = this.run();
  }

  /** Closes the connections and hands the mailboxes to whoever asks next. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    for (const watcher of this.watchers.values()) this.end(watcher);
    await Promise.all(this.ending.values());
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.ctx.log.error('The mailboxes could not be looked through.', { error });
      }
      await pause(lookMs, this.stopping.signal);
    }
  }

  private async look(): Promise<void> {
    const mailboxes = new Set((await this.ctx.mail.mailboxes()).filter(({ isActive }) => isActive).map(({ id }) => id));
    const wanted = (await listReceivers(this.ctx)).filter(({ mailboxId, state }) => state === 'active' && mailboxes.has(mailboxId));
    for (const watcher of this.watchers.values()) {
      const now = wanted.find(({ mailboxId }) => mailboxId === watcher.mailboxId);
      if (now?.version !== watcher.version || !(await this.keeps(watcher))) this.end(watcher);
    }
    for (const { mailboxId, version } of wanted) {
      if (this.watchers.has(mailboxId) || this.ending.has(mailboxId) || this.stopping.signal.aborted) continue;
      if (!(await takeLease(this.ctx, mailboxId, this.owner))) continue;
      this.watchers.set(mailboxId, new Watcher(this.ctx, mailboxId, version));
    }
  }

  private async keeps(watcher: Watcher): Promise<boolean> {
    if (performance.now() - watcher.leasedAt < leaseMs / 3) return true;
    watcher.leasedAt = performance.now();
    return takeLease(this.ctx, watcher.mailboxId, this.owner);
  }

  /** Beside the others: a server that takes its time must not cost them their leases. */
  private end(watcher: Watcher): void {
    const { mailboxId } = watcher;
    this.watchers.delete(mailboxId);
    const end = watcher
      .stop()
      .then(() => dropLease(this.ctx, mailboxId, this.owner))
      .catch((error: unknown) => this.ctx.log.error('A mailbox could not be let go.', { mailboxId, error }))
      .finally(() => this.ending.delete(mailboxId));
    this.ending.set(mailboxId, end);
  }
}

/** One mailbox: connects, listens, fetches, acknowledges, and starts over when the connection is lost. */
class Watcher {
  readonly mailboxId: number;
  readonly version: number;
  leasedAt = performance.now();
  private readonly ctx: InboxContext;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private hasNews = true;
  private failures = 0;
  private refusals = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;
  private marksAgainAt = 0;

  constructor(ctx: InboxContext, mailboxId: number, version: number) {
    this.ctx = ctx;
    this.mailboxId = mailboxId;
    this.version = version;
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.connection();
      } catch (error) {
        if (signal.aborted) return;
        await this.failed(error);
      }
      if (!signal.aborted) await pause(backoff(this.failures), signal);
    }
  }

  private async failed(error: unknown): Promise<void> {
    this.failures += 1;
    this.refusals = isRefusal(error) ? this.refusals + 1 : 0;
    this.reportedAt = Number.NEGATIVE_INFINITY;
    const isOver = this.refusals >= maxRefusals;
    this.ctx.log.warn('A mailbox could not be read.', { mailboxId: this.mailboxId, failures: this.failures, error });
    await reportFailure(this.ctx, this.mailboxId, explain(error), isOver).catch((cause: unknown) =>
      this.ctx.log.error('A failure could not be noted.', { error: cause }),
    );
    if (isOver) this.stopping.abort();
  }

  private async connection(): Promise<void> {
    const receiver = await findReceiver(this.ctx, this.mailboxId);
    if (receiver?.version !== this.version) return;
    const client = await openImap(await serverOf(this.ctx, receiver), { signal: this.stopping.signal });
    client.on('exists', () => (this.hasNews = true));
    try {
      this.hasNews = true;
      await this.listen(client);
    } finally {
      client.close();
    }
  }

  /** Looks at the database each second and at the server when it has news or the poll is due. */
  private async listen(client: ImapFlow): Promise<void> {
    const { signal } = this.stopping;
    let polledAt = Number.NEGATIVE_INFINITY;
    const every = client.capabilities.has('IDLE') ? pollMs : pollWithoutIdleMs;
    while (!signal.aborted) {
      if (!client.usable) throw new Unavailable('email-inbox.closed', { message: 'The server closed the connection.' });
      // Saved meanwhile: this connection may lead to another account than the one that is stored now.
      const receiver = await findReceiver(this.ctx, this.mailboxId);
      if (receiver?.version !== this.version) return;
      if (this.hasNews || performance.now() - polledAt > every) {
        this.hasNews = false;
        polledAt = performance.now();
        await fetchNew(this.ctx, client, this.mailboxId, { signal });
        await this.succeeded();
      }
      await this.acknowledge(client, receiver);
      if (!this.hasNews) await this.rest(client);
    }
  }

  /** A server that refuses the mark keeps receiving; the mark is tried again, and the mailbox's page says why it is missing. */
  private async acknowledge(client: ImapFlow, receiver: Receiver): Promise<void> {
    if (performance.now() < this.marksAgainAt || !(await hasMarksToSet(this.ctx, receiver))) return;
    try {
      await acknowledge(this.ctx, client, receiver);
    } catch (error) {
      if (!client.usable) throw error;
      this.marksAgainAt = performance.now() + pollMs;
      this.ctx.log.warn('Filed mail could not be marked on the server.', { mailboxId: this.mailboxId, error });
      await reportFailure(this.ctx, this.mailboxId, explain(error), false);
    }
  }

  private async succeeded(): Promise<void> {
    this.failures = 0;
    this.refusals = 0;
    if (performance.now() - this.reportedAt < reportMs) return;
    this.reportedAt = performance.now();
    await reportSuccess(this.ctx, this.mailboxId);
  }

  private async rest(client: ImapFlow): Promise<void> {
    const wake = new AbortController();
    const stir = (): void => wake.abort();
    client.once('exists', stir);
    client.once('close', stir);
    await pause(tickMs, AbortSignal.any([wake.signal, this.stopping.signal]));
    client.off('exists', stir);
    client.off('close', stir);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** Milliseconds, 1 s to 5 min, with a fifth of jitter, so that many mailboxes of one server do not return at once. */
export function backoff(failures: number): number {
  return Math.min(1000 * 2 ** Math.max(0, failures - 1), longestBackoffMs) * (0.8 + Math.random() * 0.4);
}
