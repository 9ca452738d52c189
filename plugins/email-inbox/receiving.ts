import {
  crashPoint,
  isEmailAddress,
  isUniqueViolation,
  NotFound,
  ownReason,
  reasonOf,
  type IncomingMail,
  type Mailbox,
} from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import type { Arrival } from './arrival.ts';
import { classify } from './classifying.ts';
import { readDesk } from './desk-identity.ts';
import { fileMail } from './filing.ts';
import { mayActAsAgent, readAuthentication, trustedServers } from './authentication.ts';
import { ignoreMail } from './ignoring.ts';
import { authorOf, rewrittenAuthor } from './mail-identity.ts';
import { parseWithin } from './mail-parser.ts';
import { mailboxFor } from './mailbox-addresses.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { AlreadySettled, type StoredMail } from './mails-repository.ts';
import { findReceiver } from './receivers-repository.ts';
import { fileReport, isReport } from './reports.ts';
import { noteSelfTest } from './self-test.ts';
import type { InboxContext } from './settings.ts';
import { enqueueReceive } from './storing.ts';
import { wellFormed } from './well-formed.ts';

const maxAttempts = 5;
const maxCollisions = 3;

/** The bytes of a mail and what they say; it needs nothing of the database, so it may come long before the mail's turn. */
export interface MailBytes {
  readonly raw: Uint8Array;
  readonly mail: ParsedMail;
}

/** Reads a mail before its turn; a failure is told when it is asked for. */
export function readAhead(ctx: InboxContext, stored: StoredMail): Promise<MailBytes> {
  const content = readBytes(ctx, stored);
  content.catch(() => undefined);
  return content;
}

async function readBytes(ctx: InboxContext, { sha256 }: StoredMail): Promise<MailBytes> {
  const raw = await ctx.files.read(sha256);
  return { raw, mail: await parseWithin(ctx, raw) };
}

export interface ReceiveOptions {
  readonly finish?: Arrival['finish'];
  /** What was read ahead. */
  readonly content?: Promise<MailBytes>;
}

/**
 * Files one stored mail: parse, classify, ask the plugins, find the ticket, write message and mail row in
 * one transaction. Running it again for a settled mail does nothing.
 */
export async function receiveMail(ctx: InboxContext, stored: StoredMail, options: ReceiveOptions = {}): Promise<void> {
  if (stored.state !== 'new' && stored.state !== 'failed') return;
  const arrival = await readArrival(ctx, stored, options);
  crashPoint('email-parsed');
  for (let tries = 1; ; tries += 1) {
    try {
      await file(ctx, arrival);
      break;
    } catch (error) {
      // Another process was faster; its message stands, ours was rolled back.
      if (error instanceof AlreadySettled) break;
      // Two mails of one new customer at the same moment: the second try finds the account.
      if (tries >= maxCollisions || !isUniqueViolation(error)) throw error;
    }
  }
  crashPoint('email-filed');
}

async function file(ctx: InboxContext, arrival: Arrival): Promise<void> {
  const { kind } = arrival.kind;
  if (kind === 'own-copy' || kind === 'own-address')
    return ignoreMail(ctx, arrival, ownReason(`email-inbox.ignored.${(await noteSelfTest(ctx, arrival)) ? 'test' : 'own'}`));
  if (isReport(kind)) return fileReport(ctx, arrival);
  // Whatever carries our mark came from us by some way back; robots that mirror mail would loop.
  if (arrival.mail.headers.some(({ name, value }) => name === 'x-desk-loop' && arrival.desk.isOurLoopHeader(value)))
    return ignoreMail(ctx, arrival, ownReason('email-inbox.ignored.own'));
  const incoming = await shapeIncoming(ctx, arrival);
  const verdict = await ctx.hooks.call.decide('mail.accept', { mailboxId: arrival.mailbox.id, mail: incoming });
  if (verdict?.action === 'ignore') return ignoreMail(ctx, arrival, verdict.reason);
  return fileMail(ctx, arrival, { incoming, isSpam: verdict?.action === 'spam' });
}

/** What plugins make of a mail before it is filed. */
export function shapeIncoming(ctx: InboxContext, arrival: Arrival): Promise<IncomingMail> {
  return ctx.hooks.call.applyFilter('mail.incoming', incomingOf(arrival), {
    mailboxId: arrival.mailbox.id,
    headers: arrival.mail.headers,
  });
}

/** Everything that is known of a stored mail before it is filed. */
export async function readArrival(
  ctx: InboxContext,
  stored: StoredMail,
  { finish = async () => undefined, content }: ReceiveOptions,
): Promise<Arrival> {
  const { raw, mail } = await (content ?? readBytes(ctx, stored));
  const known = await readDesk(ctx, mail, stored.mailboxId);
  const reached = known.mailboxes.find(({ id }) => id === stored.mailboxId) ?? (await ctx.mail.mailbox(stored.mailboxId));
  if (reached === undefined) throw new NotFound('mailboxes.not-found');
  const { sharedMail } = await ctx.settings.get();
  const mailbox = sharedMail === 'split' ? reached : (firstNamed(known.mailboxes, mail) ?? reached);
  const receiver = await findReceiver(ctx, reached.id);
  const isProven = mayActAsAgent(mail.from.length, readAuthentication(mail.headers, trustedServers(receiver)));
  const original = isProven ? rewrittenAuthor(mail, known.isOurAddress) : undefined;
  const desk = { ...known, isRewrittenFrom: original !== undefined };
  const written = original ?? authorOf(mail);
  const isImport = stored.folder.startsWith('import:');
  return {
    stored,
    raw,
    mail,
    mailbox,
    receiver,
    desk,
    kind: classify(mail, desk),
    author: written !== undefined && isEmailAddress(written.address) ? { ...written, name: wellFormed(written.name) } : undefined,
    isArchive: isImport || (!/^(?:pipe|smtp):/.test(stored.folder) && receiver !== undefined && stored.receivedAt < receiver.createdAt),
    at: Math.min(isImport ? (mail.date?.getTime() ?? stored.receivedAt) : stored.receivedAt, ctx.clock.now()),
    finish,
  };
}

/**
 * The mailbox that the sender named first, of those that can answer: the ticket is the same, whichever copy comes first
 * (mail.md D2). An address of a whole domain of ours may be a colleague's, so it names no mailbox.
 */
function firstNamed(mailboxes: readonly Mailbox[], { to, cc }: ParsedMail): Mailbox | undefined {
  const answering = mailboxes
    .filter(({ isActive, transport }) => isActive && transport !== null)
    .map((mailbox) => ({ ...mailbox, aliases: mailbox.aliases.filter((alias) => !alias.startsWith('*@')) }));
  for (const { address } of [...to, ...cc]) {
    const named = mailboxFor(answering, address);
    if (named !== undefined) return mailboxes.find(({ id }) => id === named.id);
  }
  return undefined;
}

function incomingOf({ mail, author, kind }: Arrival): IncomingMail {
  return {
    subject: wellFormed(mail.subject),
    text: wellFormed(mail.text),
    html: mail.html,
    from: author === undefined ? undefined : { name: author.name, email: addressKey(author.address) },
    kind: kind.kind,
    tags: [],
  };
}

/** Seconds until each further try; after the last one the mail waits in quarantine for a person. */
const delays = [10, 60, 300, 900];

/**
 * Notes that a mail could not be filed. It stays on the server unacknowledged and is tried again; after five
 * tries it is `failed`, listed with its reason and a Retry button.
 */
export async function noteFailure(ctx: InboxContext, stored: StoredMail, error: unknown, finish?: Arrival['finish']): Promise<void> {
  const attempts = stored.attempts + 1;
  const isFinal = attempts >= maxAttempts;
  const now = ctx.clock.now();
  const runAt = now + (delays[attempts - 1] ?? 900) * 1000;
  const reason = reasonOf(error);
  ctx.log.warn('A mail could not be filed.', { mailId: stored.id, attempts, error });
  await ctx.db.tx(async (tx) => {
    await finish?.(tx);
    const changed = await tx
      .table('mails')
      .where({ id: stored.id })
      .whereIn('state', ['new', 'failed'])
      .update({ state: isFinal ? 'failed' : 'new', attempts, reason, next_try: isFinal ? null : runAt, updated_at: now });
    if (changed === 1 && !isFinal) await enqueueReceive(ctx, tx, { mailId: stored.id, mailboxId: stored.mailboxId, runAt });
  });
}
