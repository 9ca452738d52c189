import type { Desk } from '../desk.ts';
import { findFiles } from '../files/index.ts';
import { AppError } from '../kernel/errors.ts';
import { crashPoint } from '../kernel/crash-point.ts';
import { backoff, TryLater, type JobRun } from '../jobs/index.ts';
import { systemActor } from '../users/index.ts';
import { findOutboxEntry, moveOutboxState } from './outbox-repository.ts';
import type { OutboxEntry, OutgoingMail } from './types.ts';

/**
 * The job that sends one outbox entry.
 *
 * SMTP has no way to ask whether a mail arrived, so sending is at least once: when a process or a
 * connection dies between the last byte and the answer, the same mail goes out again under the same
 * Message-ID, which receivers use to drop the second copy, and the entry says so.
 */
export async function sendOutboxEntry(desk: Desk, job: JobRun): Promise<void> {
  const outboxId = Number(job.payload['outboxId']);
  const entry = await take(desk, outboxId);
  if (entry === undefined) return;
  const credentials = await desk.mail.credentialsFor(entry).catch((error: unknown) => error);
  if (credentials === undefined || credentials instanceof Error) {
    const reason = credentials instanceof Error ? describe(credentials) : 'No outgoing server is set up.';
    return settle(desk, job, entry, { isPermanent: false, isUncertain: false, reason });
  }
  crashPoint('mail-before-smtp');
  let response: string;
  let refused: readonly RefusedRecipient[];
  try {
    const transporter = await desk.mail.transports.get(
      credentials as Exclude<typeof credentials, Error | undefined> & {
        host: string;
        port: number;
        encryption: 'tls' | 'starttls' | 'auto';
      },
    );
    const info: SendInfo = await transporter.sendMail(await compose(desk, entry));
    response = String(info.response ?? '');
    refused = info.rejectedErrors ?? [];
  } catch (error) {
    return settle(desk, job, entry, judge(error));
  }
  crashPoint('mail-after-smtp');
  if (refused.length > 0) return settle(desk, job, entry, judgeRefusals(refused));
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    await moveOutboxState(tx, entry.id, ['sending'], {
      state: 'sent',
      sent_at: now,
      response: response.slice(0, 500),
      error: null,
      updated_at: now,
    });
    if (entry.mailboxId !== null)
      await tx('mailboxes').where({ id: entry.mailboxId }).update({ last_sent_at: now, last_error: null, last_error_at: null });
    await desk.events.record(tx, 'mail.sent', {
      actor: systemActor,
      ...(entry.ticketId === null ? {} : { ticketId: entry.ticketId }),
      payload: { outboxId: entry.id, ticketId: entry.ticketId, messageId: entry.messageRef, mayBeDoubled: entry.mayBeDoubled },
    });
    await job.finish(tx);
  });
  crashPoint('mail-after-sent');
}

interface Failure {
  readonly isPermanent: boolean;
  readonly isUncertain: boolean;
  readonly reason: string;
  /** The recipients that are left; default all. */
  readonly only?: readonly string[] | undefined;
}

/** What nodemailer tells when the server took a mail; some of its recipients may be refused all the same. */
interface SendInfo {
  readonly response?: string | undefined;
  readonly rejectedErrors?: readonly RefusedRecipient[] | undefined;
}

interface RefusedRecipient {
  readonly recipient?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly message: string;
}

function judgeRefusals(refused: readonly RefusedRecipient[]): Failure {
  return {
    isPermanent: refused.every(({ responseCode = 0 }) => responseCode >= 500),
    isUncertain: false,
    reason: refused.map(({ recipient = '', message }) => `${recipient}: ${message}`).join('; '),
    only: refused.flatMap(({ recipient }) => recipient ?? []),
  };
}

/** Wins or loses against undo: both compare and set the state, so exactly one of them succeeds. */
async function take(desk: Desk, outboxId: number): Promise<OutboxEntry | undefined> {
  return desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const before = await findOutboxEntry(tx, outboxId);
    if (before === undefined) return undefined;
    // Found in `sending`, the last attempt never came back: its process died with the mail on the wire.
    const mayBeDoubled = before.mayBeDoubled || before.state === 'sending' || before.state === 'uncertain';
    const isTaken = await moveOutboxState(tx, outboxId, ['held', 'queued', 'sending', 'uncertain'], {
      state: 'sending',
      attempts: before.attempts + 1,
      may_be_doubled: mayBeDoubled,
      updated_at: now,
    });
    return isTaken ? findOutboxEntry(tx, outboxId) : undefined;
  });
}

async function compose(desk: Desk, entry: OutboxEntry) {
  const mail: OutgoingMail = {
    subject: entry.subject,
    text: entry.text,
    html: entry.html,
    headers: entry.headers,
    replyTo: entry.envelope.replyTo,
  };
  const { id: outboxId, kind, ticketId, mailboxId } = entry;
  const context = { outboxId, kind, ticketId, mailboxId, to: entry.envelope.to };
  const shaped = await desk.hooks.applyFilter('mail.outgoing', mail, context);
  const files = await findFiles(
    desk.storage.read,
    entry.files.map(({ fileId }) => fileId),
  );
  const { 'In-Reply-To': inReplyTo, References: references, ...headers } = shaped.headers;
  return {
    envelope: {
      from: entry.envelope.from.email,
      to: [...(entry.envelope.only ?? [...entry.envelope.to, ...entry.envelope.cc].map(({ email }) => email))],
    },
    from: mailAddress(entry.envelope.from),
    to: entry.envelope.to.map(mailAddress),
    cc: entry.envelope.cc.map(mailAddress),
    ...(shaped.replyTo === undefined ? {} : { replyTo: mailAddress(shaped.replyTo) }),
    subject: shaped.subject,
    text: shaped.text,
    ...(shaped.html === null ? {} : { html: shaped.html }),
    messageId: entry.messageId,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(references === undefined ? {} : { references }),
    headers,
    date: new Date(desk.clock.now()),
    attachments: await Promise.all(
      entry.files.map(async ({ fileId, contentId }) => {
        const file = files.find((one) => one.id === fileId);
        const content = file === undefined ? Buffer.alloc(0) : await desk.files.read(file.sha256);
        return {
          filename: file?.name ?? 'file',
          contentType: file?.contentType ?? 'application/octet-stream',
          content,
          ...(contentId === undefined ? {} : { cid: contentId, contentDisposition: 'inline' as const }),
        };
      }),
    ),
  };
}

function mailAddress({ name, email }: { name?: string | undefined; email: string }): { name: string; address: string } {
  return { name: name ?? '', address: email };
}

/** A 5xx answer is final; a connection that broke after the mail was on the wire leaves it uncertain. */
function judge(error: unknown): Failure {
  const code = typeof error === 'object' && error !== null && 'responseCode' in error ? Number(error.responseCode) : undefined;
  const command = typeof error === 'object' && error !== null && 'command' in error ? String(error.command) : '';
  const isLocal = error instanceof AppError && error.status === 422;
  // A refused sign-in says something of our password, not of this mail: it waits until somebody mends that.
  const isSignIn = typeof error === 'object' && error !== null && 'code' in error && error.code === 'EAUTH';
  // A server that was never reached has no copy.
  const syscall = typeof error === 'object' && error !== null && 'syscall' in error ? String(error.syscall) : '';
  const isUnreached = syscall === 'connect' || syscall === 'getaddrinfo' || syscall.startsWith('query');
  return {
    isPermanent: isLocal || (code !== undefined && code >= 500 && !isSignIn),
    isUncertain: code === undefined && !isUnreached && (command === 'DATA' || command === 'CONN'),
    reason: describe(error),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function settle(desk: Desk, job: JobRun, entry: OutboxEntry, failure: Failure): Promise<void> {
  const isFinal = failure.isPermanent || job.attempts >= job.maxAttempts;
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const state = isFinal ? 'failed' : failure.isUncertain ? 'uncertain' : 'queued';
    await moveOutboxState(tx, entry.id, ['sending'], {
      state,
      error: failure.reason.slice(0, 1000),
      updated_at: now,
      ...(failure.only === undefined ? {} : { envelope: JSON.stringify({ ...entry.envelope, only: failure.only }) }),
    });
    if (entry.mailboxId !== null)
      await tx('mailboxes')
        .where({ id: entry.mailboxId })
        .update({ last_error: failure.reason.slice(0, 1000), last_error_at: now });
    if (isFinal) {
      await desk.events.record(tx, 'mail.failed', {
        actor: systemActor,
        ...(entry.ticketId === null ? {} : { ticketId: entry.ticketId }),
        payload: { outboxId: entry.id, ticketId: entry.ticketId, messageId: entry.messageRef, error: failure.reason.slice(0, 300) },
      });
      await job.finish(tx);
    } else if (entry.ticketId !== null) tx.afterCommit(() => desk.live.announce([`ticket:${entry.ticketId}`]));
  });
  if (!isFinal) throw new TryLater(failure.reason, backoff(job.attempts));
}
