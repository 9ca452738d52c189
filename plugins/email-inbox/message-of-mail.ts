import type { MessageAddresses, NewAttachment, NewMessage, Origin } from '@helpdesk/core/plugin';
import { addressKey, displayAddress } from './addresses.ts';
import type { AgentOrder } from './agent-orders.ts';
import type { Arrival } from './arrival.ts';
import type { Forward } from './forwarding-agents.ts';
import type { MailContent } from './mail-content.ts';
import { carbonCopies, messageIdFor, replyAddressOf } from './mail-identity.ts';
import { addressOf } from './mailbox-addresses.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { recipientAddresses } from './threading-ids.ts';
import { wellFormed } from './well-formed.ts';

/** What a mail holds, once its files are recorded and its agent's orders read. */
export interface MailParts {
  /** The same for every copy of a mail (`dedupKey`). */
  readonly key: string;
  readonly content: MailContent;
  readonly attachments: readonly NewAttachment[];
  readonly flags: readonly string[];
  /** What a verified agent's answer asks for; undefined for any other mail. */
  readonly order: AgentOrder | undefined;
}

/** The customer's words; the layout of the forwarding mail program is left to the original. */
export function forwardedMessage({ html: _html, ...message }: NewMessage, { from, text }: Forward): NewMessage {
  return { ...message, text, folds: {}, addresses: { ...message.addresses, from: { name: wellFormed(from.name), email: from.address } } };
}

/** What is written of a mail that arrived. */
export function messageOf(arrival: Arrival, { content, attachments, flags, key }: MailParts): NewMessage {
  const { mail, mailbox } = arrival;
  return {
    text: content.text,
    ...(content.html === undefined ? {} : { html: content.html }),
    attachments,
    folds: content.folds,
    addresses: addressesOf(arrival),
    flags,
    origin: originOf(arrival),
    messageId: `<${wellFormed(messageIdFor(mail, mailbox.id, arrival.raw))}>`,
    externalKey: `email:${key}`,
  };
}

/** An agent's answer goes on to the customer, so only what the agent wrote is taken, and no picture of what it quotes. */
export function answerOf(message: NewMessage, order: AgentOrder): NewMessage {
  const { html: _whole, folds: _folds, messageId: _id, addresses: _addresses, attachments = [], ...rest } = message;
  const own = attachments.filter(({ isInline, contentId }) => isInline !== true || order.pictures.includes(contentId ?? ''));
  return { ...rest, attachments: own, text: order.text, ...(order.html === undefined ? {} : { html: order.html }) };
}

function addressesOf({ mail, desk, author, mailbox }: Arrival): MessageAddresses {
  const reply = replyAddressOf(mail, desk.isOurAddress);
  const shown = ({ name, address }: { name: string; address: string }) => ({
    name: wellFormed(name),
    email: wellFormed(displayAddress(address)),
  });
  const isOther = reply !== undefined && author !== undefined && addressKey(reply.address) !== addressKey(author.address);
  return {
    ...(author === undefined ? {} : { from: shown(author) }),
    ...(isOther ? { replyTo: shown(reply) } : {}),
    to: [{ name: mailbox.name, email: addressOf(mailbox, recipientAddresses(mail.headers)) }],
    cc: carbonCopies(mail, desk.isOurAddress).kept.map(shown),
  };
}

/** Whether a person or a machine wrote it. */
export function originOf({ kind, mail }: Arrival): Origin {
  if (kind.kind === 'auto-reply') return 'auto-reply';
  if (kind.kind === 'generated') return 'generated';
  return isCalendarAnswer(mail) ? 'generated' : 'person';
}

/** Whether a mail only answers an invitation, which asks for nothing (mail.md L11). */
export function isCalendarAnswer({ calendarMethod }: ParsedMail): boolean {
  return /^(?:reply|counter)$/i.test(calendarMethod ?? '');
}
