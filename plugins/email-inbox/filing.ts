import { crashPoint, type IncomingMail, type NewMessage, type PluginTx, type User } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { queueOrder, readOrder, type AgentOrder } from './agent-orders.ts';
import { agentAnswer, noticeRefusal, type AgentStanding, type Refusal } from './agents.ts';
import { queueAway, awayUntil } from './away.ts';
import { forwardIn, queueNote, type Forward } from './forwarding-agents.ts';
import { contentOfMail } from './mail-content.ts';
import { carbonCopies, dedupKey } from './mail-identity.ts';
import { describeMail, settleMail } from './mails-repository.ts';
import { answerOf, forwardedMessage, messageOf, originOf, type MailParts } from './message-of-mail.ts';
import type { Arrival } from './arrival.ts';
import { recordFiles } from './recording-files.ts';
import { differsFrom } from './duplicates.ts';
import { settingsOf, type InboxContext } from './settings.ts';
import { isSpam as isSpamMail } from './spam.ts';
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
  /** The customer's mail that a verified agent passed on. */
  readonly forward: Forward | undefined;
}

type Written = { readonly ticketId: number; readonly messageId: number };

/**
 * Makes a message of a mail: in its ticket, or as a new one. Permission, filters and file rows come first;
 * then the key, the message, the mail row and the job's end are written together, so that a crash leaves all or nothing.
 */
export async function fileMail(ctx: InboxContext, arrival: Arrival, filing: Filing): Promise<void> {
  const settings = await ctx.settings.get();
  const scope = settings.sharedMail === 'split' ? arrival.mailbox.id : 0;
  const key = dedupKey(arrival.mail, scope, arrival.raw);
  const known: KeyRow | undefined = await ctx.db.table('keys').where({ dedup_key: key }).first();
  if (known !== undefined) return fileDuplicate(ctx, arrival, known);

  const prepared = await prepare(ctx, arrival, filing, key);
  if ('why' in prepared) return refuseOrder(ctx, arrival, prepared);
  if (prepared.order?.hasCommands === true && prepared.order.text === '' && prepared.attachments.length === 0)
    return carryOut(ctx, arrival, prepared, prepared.order);
  const commit = await commitOf(ctx, arrival, prepared);
  const isAway = mayAnswer(arrival, prepared) && (await awayUntil(ctx, arrival.mailbox)) !== undefined;
  const lost = await ctx.db.tx(async (tx) => {
    const first = await claimKey(tx, key, arrival.stored.id);
    if (first !== undefined) return first;
    const { ticketId, messageId } = await commit(tx);
    await tx.table('keys').where({ dedup_key: key }).update({ ticket_id: ticketId, message_id: messageId });
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

/** An order that is not understood: the agent gets the text back, and nothing of it is stored as a message or sent. */
async function refuseOrder(ctx: InboxContext, arrival: Arrival, refusal: Refusal): Promise<void> {
  await ctx.db.tx(async (tx) => {
    await noticeRefusal(ctx, tx, arrival, refusal);
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await settleMail(ctx, tx, arrival.stored, {
      state: 'ignored',
      kind: arrival.kind.kind,
      reason: `${refusal.why}: ${refusal.what ?? ''}`,
    });
    await arrival.finish(tx);
  });
}

/** An agent's mail of commands alone makes no message. */
async function carryOut(ctx: InboxContext, arrival: Arrival, { thread, agent }: Prepared, order: AgentOrder): Promise<void> {
  const ticketId = thread.joins?.id;
  await ctx.db.tx(async (tx) => {
    if (ticketId !== undefined && agent.state === 'verified')
      await queueOrder(ctx, tx, order, { ticketId, userId: agent.user.id, mailId: arrival.stored.id, withStatus: true });
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await settleMail(ctx, tx, arrival.stored, { state: 'processed', kind: 'command', ticketId });
    await arrival.finish(tx);
  });
}

interface KeyRow {
  readonly mail_id: number;
  readonly ticket_id: number;
  readonly message_id: number;
}

/** The unique key decides between two processes that file copies at once; the loser gets the winner's row. */
async function claimKey(tx: PluginTx, key: string, mailId: number): Promise<KeyRow | undefined> {
  const mine = await tx
    .table('keys')
    .insert({ dedup_key: key, mail_id: mailId, ticket_id: 0, message_id: 0 })
    .onConflict('dedup_key')
    .ignore()
    .returning('mail_id');
  return mine.length > 0 ? undefined : tx.table('keys').where({ dedup_key: key }).first();
}

/** A second copy keeps its raw bytes and points at the first; a text that says something else is marked (mail.md D1). */
async function fileDuplicate(ctx: InboxContext, arrival: Arrival, first: KeyRow): Promise<void> {
  const differs = await differsFrom(ctx, arrival, first.mail_id);
  await ctx.db.tx(async (tx) => {
    await describeMail(tx, arrival.stored.id, arrival.mail);
    await settleMail(ctx, tx, arrival.stored, {
      state: 'processed',
      kind: arrival.kind.kind,
      reason: 'duplicate',
      ticketId: first.ticket_id,
      dupOf: first.mail_id,
      differs,
    });
    // One ticket for all the mailboxes it was written to: it stands in the lists of each (mail.md D2).
    if (first.ticket_id !== 0) await ctx.tickets.shareWith(tx, first.ticket_id, arrival.mailbox.id);
    await arrival.finish(tx);
  });
}

async function prepare(ctx: InboxContext, arrival: Arrival, filing: Filing, key: string): Promise<Prepared | Refusal> {
  const { mail, desk, mailbox, author, kind } = arrival;
  const content = contentOfMail({ ...mail, text: filing.incoming.text, html: filing.incoming.html }, await earlierTexts(ctx, arrival));
  const agent = await agentAnswer(ctx, arrival);
  const thread =
    agent.state === 'verified' && agent.ticket !== undefined
      ? { joins: agent.ticket, isNewParticipant: false, decision: byOwnToken(agent.ticket.id, mailbox.address) }
      : await findThread(ctx, {
          mail,
          desk,
          mailboxId: mailbox.id,
          author: author === undefined ? undefined : addressKey(author.address),
          isPerson: originOf(arrival) === 'person',
        });
  const order = agent.state === 'verified' && thread.joins !== undefined ? await readOrder(ctx, agent.user, content.own.text) : undefined;
  if (order !== undefined && 'why' in order) return order;
  const forward =
    agent.state === 'verified' && thread.joins === undefined
      ? await forwardIn(ctx, { ...mail, subject: filing.incoming.subject }, content.text)
      : undefined;
  const recorded = await recordFiles(ctx, arrival, content.files, thread.joins === undefined ? undefined : author);
  const isSpam = filing.isSpam || (await isSpamMail(ctx, mailbox, author?.address, mail));
  const flags = [
    ...(author === undefined ? ['unknown-sender'] : []),
    ...(author?.isAmbiguous === true ? ['several-senders'] : []),
    ...(thread.isNewParticipant && author !== undefined ? ['new-participant'] : []),
    ...(agent.state === 'unverified' && thread.joins !== undefined ? ['unverified-agent'] : []),
    ...(forward === 'unknown' ? ['unnamed-forward'] : []),
    ...(kind.isWeak ? ['weak-evidence'] : []),
    ...(carbonCopies(mail, desk.isOurAddress).left > 0 ? ['more-recipients'] : []),
    ...(arrival.stored.cut === null ? [] : ['incomplete']),
  ];
  return {
    ...filing,
    isSpam,
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

const comparedMails = 6;

async function earlierTexts(ctx: InboxContext, { author }: Arrival): Promise<readonly string[]> {
  const user = author === undefined ? undefined : await ctx.users.byEmail(author.address);
  return user === undefined ? [] : ctx.tickets.latestTextsOf(user.id, comparedMails);
}

async function commitOf(ctx: InboxContext, arrival: Arrival, prepared: Prepared): Promise<(tx: PluginTx) => Promise<Written>> {
  const { thread, agent, order } = prepared;
  const isAnswer = thread.joins !== undefined && agent.state === 'verified';
  const message = messageOf(arrival, prepared);
  if (thread.joins === undefined) return opening(ctx, arrival, prepared, message);
  const ticketId = thread.joins.id;
  const { agentReplies, generatedReopens } = await settingsOf(ctx, arrival.mailbox);
  const replying = isAnswer
    ? await ctx.tickets.replying(ctx.actor(agent.user.id), ticketId, {
        ...answerOf(message, prepared),
        kind: order?.isNote === true ? 'note' : agentReplies,
        ...(order?.status === undefined ? {} : { status: order.status }),
        direction: 'out',
        channel: 'email',
        authorId: agent.user.id,
      })
    : await ctx.tickets.replying(ctx.actor(), ticketId, {
        ...message,
        kind: 'reply',
        direction: 'in',
        channel: 'email',
        ...(prepared.author === undefined ? {} : { authorId: prepared.author.id }),
        ...(generatedReopens && arrival.kind.kind === 'generated' ? { reopens: true } : {}),
        createdAt: arrival.at,
      });
  return async (tx) => {
    const stored = await replying.commit(tx);
    if (isAnswer && order !== undefined)
      await queueOrder(ctx, tx, order, { ticketId, userId: agent.user.id, mailId: arrival.stored.id, withStatus: false });
    return { ticketId, messageId: stored.id };
  };
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
