import type { OutgoingMail } from '@helpdesk/core/plugin';
import { addressSecret, loopHeader, loopValue } from './desk-identity.ts';
import { headerValue, readHeaders } from './header.ts';
import { readMessageIds } from './message-ids.ts';
import { replyReferences } from './outgoing-headers.ts';
import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { signAddress } from './threading-ids.ts';

/** What the outbox says of a mail beside its content. */
export interface OutgoingFacts {
  readonly outboxId: number;
  readonly kind: string;
  readonly ticketId: number | null;
  readonly mailboxId: number | null;
}

/**
 * Marks a mail as ours and, where the mailbox does so, lets its answers find back: a signed reply address and
 * the ticket number in the subject (mail.md T1, T4, L16). References are kept to what relays accept.
 */
export async function shapeOutgoing(
  ctx: InboxContext,
  mail: OutgoingMail,
  { outboxId, kind, ticketId, mailboxId }: OutgoingFacts,
): Promise<OutgoingMail> {
  const plain: OutgoingMail = { ...mail, headers: { ...withShortReferences(mail.headers), [loopHeader]: loopValue(ctx) } };
  if (mailboxId === null) return plain;
  const [receiver, mailbox] = await Promise.all([findReceiver(ctx, mailboxId), ctx.mail.mailbox(mailboxId)]);
  if (receiver === undefined || mailbox === undefined) return plain;
  const scope = { secret: addressSecret(ctx), mailboxId };
  // A return path of its own lets a report name the mail it is about, whatever it brings back of it (mail.md O5).
  const marked: OutgoingMail = receiver.signsAddresses
    ? { ...plain, returnPath: signAddress(mailbox.address, outboxId, { kind: 'b', ...scope }) }
    : plain;
  const ticket = ticketId === null ? undefined : await ctx.tickets.living(ticketId);
  if (ticket === undefined || (kind !== 'reply' && kind !== 'acknowledgement')) return marked;
  const tag = `[#${ticket.number}]`;
  const thread = kind === 'reply' ? await threadHeaders(ctx, mail.headers['In-Reply-To']) : {};
  return {
    ...marked,
    headers: { ...marked.headers, ...thread },
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

function withShortReferences(headers: OutgoingMail['headers']): OutgoingMail['headers'] {
  const { 'In-Reply-To': parent, References: references, ...others } = headers;
  if (parent === undefined) return headers;
  const parentId = readMessageIds(parent)[0];
  const ids = replyReferences(readMessageIds(references), parentId);
  if (parentId === undefined || !ids.includes(parentId)) return others;
  return { ...others, 'In-Reply-To': `<${parentId}>`, References: ids.map((id) => `<${id}>`).join(' ') };
}
