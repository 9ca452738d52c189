import {
  fillPlaceholders,
  mailValues,
  textToHtml,
  type Address,
  type Mailbox,
  type OutgoingMail,
  type Ticket,
  type User,
} from '@helpdesk/core/plugin';
import { agentAddress } from './agent-tokens.ts';
import { withAnswerLine } from './answer-line.ts';
import { addressSecret, loopHeader, loopValue, markScope } from './desk-identity.ts';
import { headerValue, readHeaders } from './header.ts';
import { withinBody } from './html-body.ts';
import { withBodyMark } from './marking-bodies.ts';
import { readMessageIds } from './message-ids.ts';
import { findReceiver } from './receivers-repository.ts';
import { settingsOf, type InboxContext } from './settings.ts';
import { signAddress, signToken } from './threading-ids.ts';

/** What the outbox says of a mail beside its content. */
export interface OutgoingFacts {
  readonly outboxId: number;
  readonly kind: string;
  readonly ticketId: number | null;
  readonly mailboxId: number | null;
  readonly to: readonly Address[];
}

/**
 * Marks a mail as ours and, where the mailbox does so, lets its answers find back: a signed reply address and
 * a mark in the body and the ticket number in the subject (mail.md T1, T3, T4, L16).
 */
export async function shapeOutgoing(
  ctx: InboxContext,
  mail: OutgoingMail,
  { outboxId, kind, ticketId, mailboxId, to }: OutgoingFacts,
): Promise<OutgoingMail> {
  const plain: OutgoingMail = { ...mail, headers: { ...mail.headers, [loopHeader]: loopValue(ctx) } };
  if (kind === 'notification' && ticketId !== null) return forAnswer(ctx, plain, ticketId, to);
  if (mailboxId === null) return plain;
  const [receiver, mailbox] = await Promise.all([findReceiver(ctx, mailboxId), ctx.mail.mailbox(mailboxId)]);
  if (mailbox === undefined) return plain;
  const scope = { secret: addressSecret(ctx), mailboxId };
  // A return path of its own lets a report name the mail it is about, whatever it brings back of it (mail.md O5).
  const marked: OutgoingMail =
    receiver?.signsAddresses === true ? { ...plain, returnPath: signAddress(mailbox.address, outboxId, { kind: 'b', ...scope }) } : plain;
  const ticket = ticketId === null ? undefined : await ctx.tickets.living(ticketId);
  if (ticket === undefined || (kind !== 'reply' && kind !== 'acknowledgement')) return marked;
  const opened = kind === 'reply' ? await withOpening(ctx, marked, mailbox, ticket) : marked;
  if (receiver === undefined) return opened;
  const tag = `[#${ticket.number}]`;
  const thread = kind === 'reply' ? await threadHeaders(ctx, mail.headers['In-Reply-To']) : {};
  return {
    ...opened,
    headers: { ...opened.headers, ...thread },
    ...(receiver.marksBodies ? withBodyMark(opened, signToken(ticket.id, markScope(ctx))) : {}),
    ...(receiver.tagsSubjects && !mail.subject.includes(tag) ? { subject: `${mail.subject} ${tag}` } : {}),
    ...(receiver.signsAddresses
      ? {
          replyTo: {
            name: mailbox.name,
            email: signAddress(mailbox.address, ticket.id, { kind: 't', ...scope }),
          },
        }
      : {}),
  };
}

/** A notification, with the line that an agent's answer is cut at: also where none is asked for, one may reach its ticket (mail.md V5, W2). */
async function forAnswer(ctx: InboxContext, mail: OutgoingMail, ticketId: number, to: readonly Address[]): Promise<OutgoingMail> {
  const agent = to[0] === undefined ? undefined : await ctx.users.byEmail(to[0].email);
  const address = await answerAddress(ctx, ticketId, agent);
  const key = address.replyTo === undefined ? 'email-inbox.answer-line.team' : 'email-inbox.answer-line';
  return { ...mail, ...withAnswerLine(mail, ctx.i18n.translatorFor(agent?.locale ?? null).t(key)), ...address };
}

/** Where an agent answers a notification by mail: an address made for this agent and this ticket (mail.md V5). */
async function answerAddress(ctx: InboxContext, ticketId: number, agent: User | undefined): Promise<Pick<OutgoingMail, 'replyTo'>> {
  const ticket = await ctx.tickets.living(ticketId);
  const [mailbox, receiver] =
    ticket === undefined || ticket.mailboxId === null
      ? []
      : await Promise.all([ctx.mail.mailbox(ticket.mailboxId), findReceiver(ctx, ticket.mailboxId)]);
  if (ticket === undefined || mailbox === undefined || receiver?.signsAddresses !== true || agent?.role.kind !== 'agent') return {};
  return { replyTo: { name: mailbox.name, email: agentAddress(ctx, mailbox.address, { ticketId: ticket.id, userId: agent.id }) } };
}

/** The words that a mailbox puts above each reply. */
async function withOpening(ctx: InboxContext, mail: OutgoingMail, mailbox: Mailbox, ticket: Ticket): Promise<OutgoingMail> {
  const { replyOpening } = await settingsOf(ctx, mailbox);
  if (replyOpening.trim() === '') return mail;
  const opening = fillPlaceholders(replyOpening, mailValues({ ticket, customer: await ctx.users.get(ticket.requesterId), mailbox })).trim();
  return {
    ...mail,
    text: `${opening}\n\n${mail.text}`,
    html: mail.html === null ? null : withinBody(mail.html, textToHtml(opening)),
  };
}

const longestHead = 256 * 1024;

/** Outlook threads by headers of its own: what the customer's mail carried goes back with the answer (FreeScout #4922). */
async function threadHeaders(ctx: InboxContext, answered: string | undefined): Promise<OutgoingMail['headers']> {
  const parentId = readMessageIds(answered)[0];
  if (parentId === undefined) return {};
  const message = (await ctx.tickets.byMailIds([parentId])).get(parentId);
  if (message?.messageId === undefined || message.messageId === null) return {};
  const row: { sha256: string } | undefined = await ctx.db.table('mails').where({ message_id: message.messageId }).first('sha256');
  if (row === undefined) return {};
  const raw = await ctx.files.read(row.sha256).catch(() => new Uint8Array());
  const headers = readHeaders(raw.subarray(0, longestHead));
  const index = headerValue(headers, 'thread-index')?.replace(/\s+/g, '');
  const topic = headerValue(headers, 'thread-topic');
  return {
    ...(index !== undefined && /^[A-Za-z0-9+/=]{30,500}$/.test(index) ? { 'Thread-Index': index } : {}),
    ...(topic !== undefined && /^[\x20-\x7e]{1,300}$/.test(topic) ? { 'Thread-Topic': topic } : {}),
  };
}
