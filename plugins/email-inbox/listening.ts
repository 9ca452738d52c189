import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { crashPoint, type Mailbox } from '@helpdesk/core/plugin';
import { asRaw } from './importing.ts';
import { mailboxFor } from './mailbox-addresses.ts';
import type { InboxContext } from './settings.ts';
import { storeMails } from './storing.ts';

/** How the listener is set; `off` is undefined. */
interface Listening {
  readonly protocol: 'lmtp' | 'smtp';
  readonly address: string;
  readonly port: number;
  readonly maxBytes: number;
}

const againMs = 5000;

/**
 * Takes mail from the mail server of this machine, over LMTP (RFC 2033) or SMTP on loopback. The answer 250 is given
 * after the mail is stored as a fetched one is, so what the other side hands over twice, because this process died
 * in between, is one message.
 */
export class MailListener {
  private readonly ctx: InboxContext;
  private readonly stopping = new AbortController();
  private changed = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(ctx: InboxContext) {
    this.ctx = ctx;
  }

  start(): void {
    this.running = this.run();
    this.ctx.settings.onChange(() => {
      this.changed.abort();
      this.changed = new AbortController();
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const signal = this.waking();
      const listening = await this.read();
      if (listening === undefined) await pause(3_600_000, signal);
      else await this.serve(listening, signal);
    }
  }

  /** Aborted at the next change of settings, or when this ends. */
  private waking(): AbortSignal {
    return AbortSignal.any([this.stopping.signal, this.changed.signal]);
  }

  private async read(): Promise<Listening | undefined> {
    const { listener, listenerAddress, listenerPort, maxMailMegabytes } = await this.ctx.settings.get();
    if (listener === 'off') return undefined;
    return { protocol: listener, address: listenerAddress, port: listenerPort, maxBytes: maxMailMegabytes * 1024 * 1024 };
  }

  private async serve(listening: Listening, signal: AbortSignal): Promise<void> {
    const server = serverFor(this.ctx, listening);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(listening.port, listening.address, resolve);
      });
    } catch (error) {
      // Another process of this desk has the port; it is taken over when that one ends.
      this.ctx.log.info('The address for incoming mail is in use; it is tried again.', { ...listening, error });
      return pause(againMs, signal);
    }
    server.on('error', (error) => this.ctx.log.warn('A connection that brought mail failed.', { error }));
    for (;;) {
      // Taken before the look, so that a change during it is not missed. Other settings are no reason to hang up.
      const next = this.waking();
      if (this.stopping.signal.aborted || !isDeepStrictEqual(await this.read(), listening)) break;
      await pause(undefined, next);
    }
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function serverFor(ctx: InboxContext, { protocol, maxBytes }: Listening): SMTPServer {
  return new SMTPServer({
    lmtp: protocol === 'lmtp',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: maxBytes,
    name: 'helpdesk',
    banner: 'ready',
    logger: false,
    closeTimeout: 2000,
    onRcptTo({ address }, _session, done) {
      recipient(ctx, address).then(
        (mailbox) => done(mailbox === undefined ? answer(550, 'There is no mailbox with this address') : undefined),
        (error: unknown) => done(troubled(ctx, error)),
      );
    },
    onData(stream, session, done) {
      take(ctx, stream, session).then(
        (results) => {
          const failed = results.find((result) => result instanceof Error);
          // Over SMTP there is one answer for all. What is stored already is known when it comes again.
          if (protocol === 'smtp') return done(failed ?? null);
          // LMTP answers for each recipient (RFC 2033 section 4.2); the types know of one answer only.
          (done as (error: null, results: readonly (Error | true)[]) => void)(null, results);
        },
        (error: unknown) => done(troubled(ctx, error)),
      );
    },
  });
}

async function recipient(ctx: InboxContext, address: string): Promise<Mailbox | undefined> {
  const mailboxes = await ctx.mail.mailboxes();
  return mailboxFor(
    mailboxes.filter(({ isActive }) => isActive),
    address,
  );
}

/** Stores the mail for each recipient and says how it went, in the order in which they were named. */
async function take(ctx: InboxContext, stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<readonly (Error | true)[]> {
  const chunks: Buffer[] = [];
  // Read to the end whatever its size: the answer comes after the data.
  for await (const chunk of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) chunks.push(chunk);
  if (stream.sizeExceeded) throw answer(552, 'The mail is larger than this desk takes');
  const body = Buffer.concat(chunks);
  const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
  const results: (Error | true)[] = [];
  const done = new Map<number, Error | true>();
  for (const { address } of envelope.rcptTo) {
    const result = await storeFor(ctx, { from, to: address, body, done }).catch((error: unknown) => troubled(ctx, error));
    results.push(result);
  }
  crashPoint('email-before-answer');
  return results;
}

interface Brought {
  readonly from: string;
  readonly to: string;
  readonly body: Uint8Array;
  /** What became of the mail in the mailboxes of the recipients before. */
  readonly done: Map<number, Error | true>;
}

async function storeFor(ctx: InboxContext, { from, to, body, done }: Brought): Promise<Error | true> {
  const mailbox = await recipient(ctx, to);
  if (mailbox === undefined) throw answer(451, 'The mailbox was removed a moment ago');
  const known = done.get(mailbox.id);
  if (known !== undefined) return known;
  // What every delivery agent puts on top (RFC 5321 section 4.4): bounces and signed addresses are read from there.
  const head = `Return-Path: <${plain(from)}>\r\nDelivered-To: ${plain(to)}\r\n`;
  const result = await storeMails(ctx, mailbox.id, [asRaw('smtp', Buffer.concat([Buffer.from(head), body]), ctx.clock.now())], {
    isQueued: true,
  }).then(
    () => true as const,
    (error: unknown) => troubled(ctx, error),
  );
  done.set(mailbox.id, result);
  return result;
}

const plain = (address: string): string => address.replaceAll(/[\r\n<>]/g, '');

function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** 452 when there is no room or the database is busy, 451 for the rest: either way the other side keeps the mail and tries again. */
function troubled(ctx: InboxContext, error: unknown): Error {
  if (error instanceof Error && 'responseCode' in error) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  ctx.log.error('A mail that was brought could not be stored; it will be brought again.', { error });
  return noRoom.test(code)
    ? answer(452, 'There is no room for the mail at the moment, try again later')
    : answer(451, 'The mail could not be stored, try again later');
}

// PostgreSQL (appendix A): 53 is insufficient resources, 55P03 and 57014 a lock or a statement that took too long.
const noRoom = /^(?:ENOSPC|EDQUOT|SQLITE_(?:FULL|BUSY|LOCKED).*|53...|55P03|57014|storage\.busy|plugins\.tx-too-long)$/;

async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (ms === undefined) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } else await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
