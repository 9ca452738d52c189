import type { Desk } from '../desk.ts';
import { ownReason } from '../i18n/index.ts';
import { Invalid } from '../kernel/errors.ts';
import { fillPlaceholders } from '../kernel/placeholders.ts';
import type { Tx } from '../storage/index.ts';
import type { Attachment, Message, Ticket } from '../tickets/index.ts';
import { findUser, findUsers, isEmailAddress, type User } from '../users/index.ts';
import { composeReply, mailIdHash, newMessageId, replyHeaders, replySubject, uniqueAddresses, type Quoted } from './composing.ts';
import { findMailbox, senderOf } from './mailboxes.ts';
import { mailValues } from './mail-values.ts';
import { queueMail } from './queueing.ts';
import type { Address, OutboxFile } from './types.ts';

export interface QueuedReply {
  readonly ticket: Ticket;
  readonly message: Message;
  readonly requester: User | undefined;
  /** The public messages before this one, oldest first. */
  readonly earlier: readonly Message[];
  readonly attachments: readonly Attachment[];
  readonly cc: readonly Address[];
  readonly undoMs: number;
}

/** What holds for all replies of a mailbox, read before the transaction. */
interface ReplySettings {
  /** Sends for mailboxes that cannot. */
  readonly system: Address | undefined;
  /** How much of the earlier messages is quoted: `none`, `last` or `all`. */
  readonly quoteHistory: string;
  /** Whether the name of the agent stands in front of the mailbox's. */
  readonly namesAgent: boolean;
}

/**
 * Freezes sender, recipients, Message-ID and content of a reply; nothing is queued when neither its
 * mailbox nor the desk can send, or the customer has no address.
 *
 * @throws Invalid `mail.recipient-invalid`.
 */
export async function queueReply(
  desk: Desk,
  tx: Tx,
  reply: QueuedReply,
  { system, quoteHistory, namesAgent }: ReplySettings,
): Promise<void> {
  const { ticket, message, requester, earlier } = reply;
  const mailbox = ticket.mailboxId === null ? undefined : await findMailbox(tx, ticket.mailboxId);
  const lastIn = earlier.findLast((one) => one.direction === 'in' && one.authorId === ticket.requesterId);
  const sender = mailbox?.transport ? senderOf(mailbox, lastIn?.addresses.to) : system;
  const to = recipientOf(lastIn, requester);
  if (sender === undefined || to === undefined) return;
  const agent = message.authorId === null ? undefined : await findUser(tx, message.authorId);
  const from = namesAgent ? namedSender(desk, ticket, sender, agent) : sender;
  const own = [from.email, mailbox?.address ?? '', ...(mailbox?.aliases ?? [])];
  const recipients = uniqueAddresses([to], own);
  const cc = uniqueAddresses(reply.cc, [...own, to.email]);
  const invalid = [...recipients, ...cc].find(({ email }) => !isEmailAddress(email));
  if (recipients.length === 0 || invalid !== undefined)
    throw new Invalid('mail.recipient-invalid', { address: invalid?.email ?? to.email, fields: ['cc'] });
  const ids = earlier.flatMap((one) => (one.messageId === null ? [] : [one.messageId]));
  // The customer's mail program knows its own mails; whether it still has the last one of ours is not sure, and what an
  // agent sent without proof never went there.
  const answered = earlier.findLast((one) => one.direction === 'in' && one.messageId !== null && !one.flags.includes('unverified-agent'));
  const parent = answered?.messageId ?? ids.at(-1);
  const messageId = newMessageId(from.email);
  const files: OutboxFile[] = reply.attachments.map((one) => ({
    fileId: one.fileId,
    ...(one.contentId === null || !one.isInline ? {} : { contentId: one.contentId }),
  }));
  const composed = composeReply({
    text: message.text,
    html: message.html,
    signature:
      mailbox === undefined ? '' : fillPlaceholders(mailbox.signature, mailValues({ ticket, customer: requester, agent, mailbox })),
    quoted: message.flags.includes('unquoted') ? [] : await quotedHistory(desk, tx, { earlier, quoteHistory, ticket }),
    locale: ticket.locale ?? desk.config.locale,
  });
  await tx('messages')
    .where({ id: message.id })
    .update({ message_id: messageId, message_id_hash: mailIdHash(messageId), addresses: JSON.stringify({ from, to: recipients, cc }) });
  await queueMail(desk, tx, {
    kind: 'reply',
    ticketId: ticket.id,
    messageRef: message.id,
    mailboxId: mailbox?.transport ? mailbox.id : undefined,
    envelope: { from, to: recipients, cc },
    headers: parent === undefined ? {} : replyHeaders(ids, parent),
    subject: earlier.length === 0 ? ticket.subject : replySubject(ticket.subject),
    ...composed,
    files,
    messageId,
    undoMs: reply.undoMs,
    error: isReserved(to.email) ? ownReason('mail.reason.nobody') : undefined,
  });
}

/**
 * Where an answer goes: where the customer wants answers, or wrote from. Reply-To is the sender's text; one that is no
 * address must not keep an agent from answering.
 */
function recipientOf(lastIn: Message | undefined, requester: User | undefined): Address | undefined {
  const known = [
    lastIn?.addresses.replyTo,
    lastIn?.addresses.from,
    requester?.email ? { name: requester.name, email: requester.email } : undefined,
  ].filter((address) => address !== undefined);
  return known.find(({ email }) => isEmailAddress(email)) ?? known[0];
}

/** The sender under the name of the agent as well, in the customer's language. */
function namedSender(desk: Desk, { locale }: Ticket, sender: Address, agent: User | undefined): Address {
  if (agent === undefined || agent.name === '') return sender;
  return { ...sender, name: desk.translatorFor(locale).t('mail.sender-name', { agent: agent.name, mailbox: sender.name ?? '' }) };
}

async function quotedHistory(
  desk: Desk,
  tx: Tx,
  { earlier, quoteHistory, ticket }: Pick<QueuedReply, 'earlier' | 'ticket'> & Pick<ReplySettings, 'quoteHistory'>,
): Promise<readonly Quoted[]> {
  if (quoteHistory === 'none') return [];
  const quoted = quoteHistory === 'last' ? earlier.slice(-1) : earlier.slice(-10).toReversed();
  const translator = desk.translatorFor(ticket.locale);
  const authors = await findUsers(
    tx,
    quoted.flatMap(({ authorId }) => (authorId === null ? [] : [authorId])),
  );
  return quoted.map((one) => ({
    attribution: translator.t('mail.quote-attribution', {
      name: authors.get(one.authorId ?? 0)?.name ?? one.addresses.from?.email ?? '',
      date: translator.date(one.createdAt, 'long'),
    }),
    text: one.text,
    html: one.html?.includes('cid:') === true ? null : one.html,
  }));
}

/** RFC 2606: such a name is nobody's, and stands where a mail named no sender. */
function isReserved(address: string): boolean {
  return address.toLowerCase().endsWith('.invalid');
}
