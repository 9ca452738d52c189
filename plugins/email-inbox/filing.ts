import {
  crashPoint,
  ownReason,
  type IncomingMail,
  type MessageAddresses,
  type NewMessage,
  type PluginTx,
  type User,
} from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { queueOrder, type AgentOrder } from './agent-orders.ts';
import { agentAnswer, noticeRefusal, refusalOf, type AgentStanding, type Refusal } from './agents.ts';
import { queueAway, awayUntil } from './away.ts';
import { fileOrder, isOrderAlone, isRefused, orderOf, refuseOrder } from './filing-orders.ts';
import { forwardIn, queueNote, type Forward } from './forwarding-agents.ts';
import { ignoreMail } from './ignoring.ts';
import { contentOfMail } from './mail-content.ts';
import { carbonCopies } from './mail-identity.ts';
import { describeMail, settleMail } from './mails-repository.ts';
import { answerOf, forwardedMessage, isCalendarAnswer, messageOf, originOf, type MailParts } from './message-of-mail.ts';
import type { Arrival } from './arrival.ts';
import { recordFiles } from './recording-files.ts';
import { claimKey, fileDuplicate, findFirst, keyOf } from './duplicates.ts';
import { settingsOf, type InboxContext } from './settings.ts';
import { spamEvidence } from './spam.ts';
import { byOwnToken } from './threading-log.ts';
import { findThread, refHashes, type Thread } from './threading.ts';
import { wellFormed } from './well-formed.ts';

/** Takes the place of a requester when a mail names no sender; nothing is ever sent there. */
export const unknownSender = 'unknown-sender@mail.invalid';

interface Filing {
  readonly incoming: IncomingMail;
  readonly isSpam: boolean;
}

interface Prepared extends Filing, MailParts {
  readonly thread: Thread;
  readonly author: User | undefined;
  readonly agent: AgentStanding;
  /** Somebody else's mail that a verified agent passed on, where it could be read. */
  readonly forward: Forward | undefined;
}

type Written = { readonly ticketId: number; readonly messageId: number };

/**
 * Makes a message of a mail: in its ticket, or as a new one. Permission, filters and file rows come first;
 * then the key, the message, the mail row and the job's end are written together, so that a crash leaves all or nothing.
 */
export async function fileMail(ctx: InboxContext, arrival: Arrival, filing: Filing): Promise<void> {
  const key = await keyOf(ctx, arrival);
  const known = await findFirst(ctx.db, key, arrival.stored.id);
  if (known !== undefined) return fileDuplicate(ctx, arrival, known);

  const prepared = await prepare(ctx, arrival, filing, key);
  if (prepared === 'left-out') return ignoreMail(ctx, arrival, ownReason('email-inbox.ignored.list'));
  if ('why' in prepared) return refuseOrder(ctx, arrival, key, prepared);
  const { agent, content } = prepared;
  try {
    if (isOrderAlone(prepared)) await fileOrder(ctx, arrival, prepared);
    else await fileMessage(ctx, arrival, prepared);
  } catch (error) {
    if (agent.state !== 'verified' || !isRefused(error)) throw error;
    await refuseOrder(ctx, arrival, key, refusalOf(agent.user, error, content.own.text));
  }
}

async function fileMessage(ctx: InboxContext, arrival: Arrival, prepared: Prepared): Promise<void> {
  const { key } = prepared;
  const commit = await commitOf(ctx, arrival, prepared);
  const isAway = mayAnswer(arrival, prepared) && (await awayUntil(ctx, arrival.mailbox)) !== undefined;
  const lost = await ctx.db.tx(async (tx) => {
    const first = await claimKey(tx, key, arrival.stored.id);
    if (first !== undefined) return first;
    const { ticketId, messageId } = await commit(tx);
    await tx.table('keys').where({ dedup_key: key }).update({ ticket_id: ticketId, message_id: messageId });
    if (arrival.mailbox.id !== arrival.stored.mailboxId) await ctx.tickets.shareWith(tx, ticketId, arrival.stored.mailboxId);
    await rememberRefs(ctx, tx, arrival, ticketId);
    if (prepared.thread.related !== undefined) await ctx.tickets.link(tx, ctx.actor(), ticketId, prepared.thread.related.id);
    if (prepared.agent.state === 'unverified' && prepared.thread.joins !== undefined)
      await noticeRefusal(ctx, tx, arrival, { agent: prepared.agent.user, why: prepared.agent.why });
    if (isAway) await queueAway(ctx, tx, arrival.mailbox, messageId);
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await settleMail(ctx, tx, arrival.stored, {
      state: 'processed',
      kind: arrival.kind.kind,
      ticketId,
      messageId,
      thread: prepared.thread.decision,
    });
    await ctx.events.record(tx, 'mail.received', { ticketId, payload: { mailboxId: arrival.mailbox.id, ticketId, messageId } });
    await arrival.finish(tx);
    crashPoint('email-in-transaction');
    return undefined;
  });
  if (lost !== undefined) await fileDuplicate(ctx, arrival, lost);
}

/** Whether a person wrote this mail of today, so that an absence is told. */
function mayAnswer({ kind, isArchive, author }: Arrival, { isSpam, agent, forward }: Prepared): boolean {
  return (
    kind.mayAutoReply &&
    kind.kind === 'human' &&
    !isArchive &&
    !isSpam &&
    author !== undefined &&
    agent.state === 'none' &&
    forward === undefined
  );
}

async function prepare(ctx: InboxContext, arrival: Arrival, filing: Filing, key: string): Promise<Prepared | Refusal | 'left-out'> {
  const { mail, desk, mailbox, author, kind } = arrival;
  const content = contentOfMail({ ...mail, text: filing.incoming.text, html: filing.incoming.html }, await earlierTexts(ctx, arrival));
  const agent = await agentAnswer(ctx, arrival);
  const spam = filing.isSpam ? 'listed' : await spamEvidence(ctx, arrival);
  const thread =
    agent.state === 'verified' && agent.ticket !== undefined
      ? { joins: agent.ticket, isNewParticipant: false, decision: byOwnToken(agent.ticket.id, mailbox.address) }
      : await findThread(ctx, {
          mail,
          desk,
          mailboxId: mailbox.id,
          author: author === undefined ? undefined : addressKey(author.address),
          isPerson: originOf(arrival) === 'person',
          spam,
        });
  if (kind.kind === 'list' && thread.joins === undefined && (await settingsOf(ctx, mailbox)).listMail === 'ignore') return 'left-out';
  // An answer to a notice goes to the address in it; a forward that only names a mail of ours in its References is no answer.
  const forward =
    agent.state === 'verified' && agent.ticket === undefined
      ? await forwardIn(ctx, { ...mail, subject: filing.incoming.subject }, content.text)
      : undefined;
  const order = await orderOf(ctx, arrival, { thread, agent, content, isForward: forward !== undefined });
  if (order !== undefined && 'why' in order) return order;
  const recorded = await recordFiles(ctx, arrival, content.files, thread.joins === undefined ? undefined : author);
  const flags = [
    ...(author === undefined ? ['unknown-sender'] : []),
    ...(author?.isAmbiguous === true ? ['several-senders'] : []),
    ...(thread.isNewParticipant && author !== undefined ? ['new-participant'] : []),
    ...(agent.state === 'unverified' && thread.joins !== undefined ? ['unverified-agent'] : []),
    ...(forward === 'unknown' && thread.joins === undefined ? ['unnamed-forward'] : []),
    ...(kind.isWeak ? ['weak-evidence'] : []),
    ...(spam !== undefined && thread.joins?.place === 'desk' ? ['marked-spam'] : []),
    ...notedAnomalies.filter((one) => mail.anomalies.includes(one)),
    ...(carbonCopies(mail, desk.isOurAddress).left > 0 ? ['more-recipients'] : []),
    ...(arrival.stored.cut === null ? [] : ['incomplete']),
  ];
  return {
    ...filing,
    isSpam: spam !== undefined,
    key,
    thread,
    content,
    ...recorded,
    agent,
    order,
    forward: forward === 'unknown' ? undefined : forward,
    flags,
  };
}

// What an agent should know before trusting what is shown.
const notedAnomalies = ['too-many-attachments', 'unreadable-structure', 'several-filenames'] as const;

const comparedMails = 6;

async function earlierTexts(ctx: InboxContext, { author }: Arrival): Promise<readonly string[]> {
  const user = author === undefined ? undefined : await ctx.users.byEmail(author.address);
  return user === undefined ? [] : ctx.tickets.latestTextsOf(user.id, comparedMails);
}

async function commitOf(ctx: InboxContext, arrival: Arrival, prepared: Prepared): Promise<(tx: PluginTx) => Promise<Written>> {
  const { thread, agent, order } = prepared;
  const message = messageOf(arrival, prepared);
  if (thread.joins === undefined) return opening(ctx, arrival, prepared, message);
  const ticketId = thread.joins.id;
  if (order !== undefined && agent.state === 'verified')
    return answering(ctx, arrival, { ticketId, agent: agent.user, order }, answerOf(message, order));
  return appending(ctx, arrival, { ticketId, author: prepared.author }, message);
}

async function answering(
  ctx: InboxContext,
  arrival: Arrival,
  { ticketId, agent, order }: { readonly ticketId: number; readonly agent: User; readonly order: AgentOrder },
  message: NewMessage,
): Promise<(tx: PluginTx) => Promise<Written>> {
  const { agentReplies } = await settingsOf(ctx, arrival.mailbox);
  // A program that answers for an agent, as during an absence, answers the desk and no customer.
  const kind = order.isNote || originOf(arrival) !== 'person' ? 'note' : agentReplies;
  const replying = await ctx.tickets.replying(ctx.actor(agent.id), ticketId, {
    ...message,
    kind,
    ...(kind === 'reply' ? { cc: await usualCopies(ctx, ticketId) } : {}),
    ...(order.status === undefined ? {} : { status: order.status }),
    direction: 'out',
    channel: 'email',
    authorId: agent.id,
  });
  return async (tx) => {
    const { id: messageId } = await replying.commit(tx);
    await queueOrder(ctx, tx, order, { ticketId, userId: agent.id, mailId: arrival.stored.id });
    return { ticketId, messageId };
  };
}

async function appending(
  ctx: InboxContext,
  { mailbox, kind, mail, at }: Arrival,
  { ticketId, author }: { readonly ticketId: number; readonly author: User | undefined },
  message: NewMessage,
): Promise<(tx: PluginTx) => Promise<Written>> {
  const { generatedReopens } = await settingsOf(ctx, mailbox);
  const replying = await ctx.tickets.replying(ctx.actor(), ticketId, {
    ...message,
    kind: 'reply',
    direction: 'in',
    channel: 'email',
    ...(author === undefined ? {} : { authorId: author.id }),
    ...(generatedReopens && kind.kind === 'generated' && !isCalendarAnswer(mail) ? { reopens: true } : {}),
    createdAt: at,
  });
  return async (tx) => ({ ticketId, messageId: (await replying.commit(tx)).id });
}

const readMessages = 50;
const fromStrangers = ['unverified-agent', 'new-participant', 'unknown-sender', 'marked-spam'];

/**
 * Who gets a copy of an answer without being named: everybody the last public message went to, as on the desk. There an
 * agent sees who that is; by mail nobody does, so what a stranger wrote in names nobody.
 */
async function usualCopies(ctx: InboxContext, ticketId: number): Promise<NonNullable<MessageAddresses['cc']>> {
  const messages = await ctx.tickets.latestMessages(ticketId, readMessages);
  const last = messages.findLast(({ kind, flags }) => kind === 'reply' && !fromStrangers.some((flag) => flags.includes(flag)));
  return last?.addresses.cc ?? [];
}

async function opening(
  ctx: InboxContext,
  arrival: Arrival,
  { incoming, isSpam, thread, agent, forward }: Prepared,
  message: NewMessage,
): Promise<(tx: PluginTx) => Promise<Written>> {
  const { author, mailbox, kind, isArchive, at } = arrival;
  const isKnown = author !== undefined;
  const settings = await settingsOf(ctx, mailbox);
  const tags = [...incoming.tags, ...settings.defaultTags];
  const assignee = settings.defaultAssignee === '' ? undefined : await ctx.users.byEmail(settings.defaultAssignee);
  const prepared = await ctx.tickets.opening(ctx.actor(), {
    subject: forward?.subject ?? incoming.subject,
    requester:
      forward !== undefined
        ? { email: forward.from.address, name: wellFormed(forward.from.name) }
        : isKnown
          ? { email: author.address, name: author.name }
          : { email: unknownSender, name: '?' },
    message: forward === undefined ? message : forwardedMessage(message, forward),
    channel: 'email',
    mailboxId: mailbox.id,
    ...(mailbox.locale === null ? {} : { locale: mailbox.locale }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(assignee?.role.kind === 'agent' && assignee.isActive ? { assigneeId: assignee.id } : {}),
    ...(incoming.priority === undefined ? {} : { priority: incoming.priority }),
    mayAcknowledge: isKnown && forward === undefined && kind.mayAutoReply && !isArchive && !isSpam && thread.related?.place !== 'spam',
    createdAt: at,
    place: isSpam ? 'spam' : 'desk',
  });
  return async (tx) => {
    const { ticket, message: stored } = await prepared.commit(tx);
    if (forward !== undefined && agent.state === 'verified')
      await queueNote(ctx, tx, { ticketId: ticket.id, userId: agent.user.id, text: forward.note, mailId: arrival.stored.id });
    if (!isKnown) await ctx.users.suppress(tx, unknownSender, true);
    return { ticketId: ticket.id, messageId: stored.id };
  };
}

async function rememberRefs(ctx: InboxContext, tx: PluginTx, { mail, mailbox }: Arrival, ticketId: number): Promise<void> {
  const hashes = refHashes(mail);
  if (hashes.length === 0) return;
  const now = ctx.clock.now();
  await tx
    .table('refs')
    .insert(hashes.map((hash) => ({ ref_hash: hash, ticket_id: ticketId, mailbox_id: mailbox.id, created_at: now })))
    .onConflict(['ref_hash', 'ticket_id'])
    .ignore();
}
