import type { Desk } from '../desk.ts';
import { ownReason, reasonOf, theirReason } from '../i18n/index.ts';
import { AppError } from '../kernel/errors.ts';
import { crashPoint } from '../kernel/crash-point.ts';
import { TryLater, type JobRun } from '../jobs/index.ts';
import { buildMail } from './building.ts';
import { findOutboxEntry, moveOutboxState, putOffDoubt, setOnWire } from './outbox-repository.ts';
import { waitForTurn } from './rate-limit.ts';
import { doubtMs, lookingMs } from './retry-schedule.ts';
import { answered, doubted, failed, settle, wasFound, type Outcome } from './settling.ts';
import { SmtpFailure } from './smtp-failure.ts';
import type { Credentials } from './smtp-connection.ts';
import type { SmtpAnswer } from './transports.ts';
import type { OutboxEntry } from './types.ts';

/** So often nobody may know whether a mail arrived; then a person decides. */
const maxDoubts = 2;

/**
 * The job that sends one outbox entry.
 *
 * SMTP has no way to ask whether a mail arrived, so sending is at least once: when a process or a
 * connection dies between the last byte and the answer, the folder of sent mail is asked; where the
 * mail is not in it, the same mail goes out once more under the same Message-ID, which receivers use to
 * drop the second copy, and the entry says so. After that a person decides.
 */
export async function sendOutboxEntry(desk: Desk, job: JobRun): Promise<void> {
  const outboxId = Number(job.payload['outboxId']);
  const before = await findOutboxEntry(desk.storage.read, outboxId);
  if (before === undefined || !isOpen(before)) return;
  if (isInDoubt(before)) {
    const look = await lookIntoSentFolder(desk, before);
    if (look === 'found') return settle(desk, job, before, wasFound);
    // Not to know is not to have missed it: sent again for that, a mail that arrived would be doubled.
    if (look === 'unknown' && before.state === 'sending') return settle(desk, job, before, doubted(processEnded));
    if (look === 'unknown' && desk.clock.now() - before.updatedAt < lookingMs) return lookAgain(desk, before);
    // Found in `sending` with the mail on the wire, the process of the last try died.
    const doubts = before.state === 'sending' ? before.doubts + 1 : before.doubts;
    if (doubts >= maxDoubts) return leaveInDoubt(desk, job, before, doubts);
  }
  const wait = await waitForTurn(desk, before);
  if (wait > 0) throw new TryLater('The mailbox has sent as much as it may for now.', wait, { isFree: true });
  const entry = await take(desk, before);
  if (entry === undefined) return;
  const outcome = await attempt(desk, entry);
  crashPoint('mail-after-smtp');
  await settle(desk, job, entry, outcome);
  crashPoint('mail-after-sent');
}

function isOpen({ state }: OutboxEntry): boolean {
  return ['held', 'queued', 'sending', 'uncertain'].includes(state);
}

function isInDoubt({ state, isOnWire }: OutboxEntry): boolean {
  return state === 'uncertain' || (state === 'sending' && isOnWire);
}

/** `missing` also where the mailbox has no such folder at hand. */
async function lookIntoSentFolder(desk: Desk, { mailboxId, messageId }: OutboxEntry): Promise<'found' | 'missing' | 'unknown'> {
  const folder = desk.services.get('mail.sent-folder');
  if (folder === undefined || mailboxId === null) return 'missing';
  try {
    return (await folder.has(mailboxId, messageId)) ? 'found' : 'missing';
  } catch (error) {
    desk.log.warn('The folder of sent mail could not be read.', { mailboxId, error });
    return 'unknown';
  }
}

async function lookAgain(desk: Desk, { id }: OutboxEntry): Promise<never> {
  await desk.storage.writeTx((tx) => putOffDoubt(tx, id, desk.clock.now() + doubtMs));
  throw new TryLater('The folder of sent mail could not be read.', doubtMs, { isFree: true });
}

const processEnded = ownReason('mail.reason.process-ended');

async function leaveInDoubt(desk: Desk, job: JobRun, entry: OutboxEntry, doubts: number): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    await moveOutboxState(tx, entry.id, ['sending', 'uncertain'], {
      state: 'uncertain',
      doubts,
      may_be_doubled: true,
      error: entry.error ?? processEnded,
      updated_at: desk.clock.now(),
    });
    if (entry.ticketId !== null) tx.afterCommit(() => desk.live.announce([`ticket:${entry.ticketId}`]));
    await job.finish(tx);
  });
}

/** Wins or loses against undo: both compare and set the state, so exactly one of them succeeds. */
async function take(desk: Desk, before: OutboxEntry): Promise<OutboxEntry | undefined> {
  return desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const isDoubted = isInDoubt(before);
    const isTaken = await moveOutboxState(tx, before.id, ['held', 'queued', 'sending', 'uncertain'], {
      state: 'sending',
      attempts: before.attempts + 1,
      on_wire: false,
      first_tried_at: before.firstTriedAt ?? now,
      may_be_doubled: before.mayBeDoubled || isDoubted,
      doubts: before.state === 'sending' && isDoubted ? before.doubts + 1 : before.doubts,
      updated_at: now,
    });
    return isTaken ? findOutboxEntry(tx, before.id) : undefined;
  });
}

async function attempt(desk: Desk, entry: OutboxEntry): Promise<Outcome> {
  try {
    const credentials = await desk.mail.credentialsFor(entry);
    if (credentials === undefined) return failed(entry, { isPermanent: false, reason: ownReason('mail.reason.no-server') });
    crashPoint('mail-before-smtp');
    return answered(await deliver(desk, entry, credentials));
  } catch (error) {
    if (error instanceof SmtpFailure) return error.isUncertain ? doubted(theirReason(error.message)) : failed(entry, { ...pick(error) });
    const reason = reasonOf(error);
    // What a plugin refused or what was typed wrong does not get better by waiting.
    return failed(entry, { isPermanent: error instanceof AppError && error.status === 422, reason });
  }
}

function pick({ isPermanent, message, replyCode, refused }: SmtpFailure) {
  return { isPermanent, reason: theirReason(message), refused, code: replyCode === undefined ? undefined : String(replyCode) };
}

const refusingNull = new Set<string>();

/** Answers of machines go out with the empty return path where the server lets us, so that no report comes back (RFC 3834). */
async function deliver(desk: Desk, entry: OutboxEntry, credentials: Credentials): Promise<SmtpAnswer> {
  const { envelope, content } = await buildMail(desk, entry);
  const mail = { ...envelope, content, onWire: () => desk.storage.writeTx((tx) => setOnWire(tx, entry.id)) };
  const server = `${credentials.host}:${credentials.port}`;
  if (entry.kind !== 'acknowledgement' || refusingNull.has(server)) return desk.mail.transports.send(credentials, mail);
  try {
    return await desk.mail.transports.send(credentials, { ...mail, from: null });
  } catch (error) {
    if (!(error instanceof SmtpFailure) || (error.stage !== 'sender' && error.stage !== 'recipients')) throw error;
    const answer = await desk.mail.transports.send(credentials, mail);
    refusingNull.add(server);
    return answer;
  }
}
