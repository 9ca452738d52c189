import { createHash } from 'node:crypto';
import { isEmailAddress } from '@helpdesk/core/plugin';
import { addressKey, readAddresses, type MailAddress } from './addresses.ts';
import { headerValue, headerValues } from './header.ts';
import type { ParsedMail } from './parsed-mail.ts';

/** Who wrote a mail: one mailbox, and whether it had to be chosen among several (mail.md V1). */
export interface MailAuthor {
  readonly name: string;
  readonly address: string;
  readonly isAmbiguous: boolean;
}

/**
 * The author is From; among several the one named by Sender, else the first. Undefined when From holds no address, and
 * when two ways of reading it would name two senders.
 */
export function authorOf(mail: ParsedMail): MailAuthor | undefined {
  const [first] = mail.from;
  if (first === undefined || mail.anomalies.includes('ambiguous-from')) return undefined;
  const sender = mail.sender[0] && addressKey(mail.sender[0].address);
  const named = mail.from.find(({ address }) => addressKey(address) === sender);
  return { ...(named ?? first), isAmbiguous: mail.from.length > 1 };
}

/**
 * Who wrote a mail whose From a list of ours put its own address into (mail.md V3); the caller has made sure that the mail
 * is authenticated. Undefined when nothing says that it was rewritten, as for our own mail.
 */
export function rewrittenAuthor(mail: ParsedMail, isOurAddress: (address: string) => boolean): MailAuthor | undefined {
  const [from] = mail.from;
  if (mail.from.length !== 1 || from === undefined || !isOurAddress(from.address)) return undefined;
  const named = ['x-original-from', 'x-original-sender'].flatMap((name) => headerValues(mail.headers, name).flatMap(readAddresses));
  const replies = headerValue(mail.headers, 'list-id') === undefined ? [] : mail.replyTo;
  const original = [...named, ...replies].find(({ address }) => !isOurAddress(address));
  return original && { ...original, name: original.name || from.name.replace(/^'|' via .*$/g, ''), isAmbiguous: false };
}

/** Where an answer goes: the first Reply-To that mail can go to and is not ours, else the author (mail.md V2); one address at most. */
export function replyAddressOf(mail: ParsedMail, isOurAddress: (address: string) => boolean): MailAddress | undefined {
  return mail.replyTo.find(({ address }) => isEmailAddress(address) && !isOurAddress(address)) ?? authorOf(mail);
}

const maxCc = 25;

/** To and Cc without our addresses, the author and what no mail can go to, each once; at most 25, the rest is counted (mail.md W3). */
export function carbonCopies(
  mail: ParsedMail,
  isOurAddress: (address: string) => boolean,
): { readonly kept: readonly MailAddress[]; readonly left: number } {
  const author = authorOf(mail);
  const seen = new Set(author ? [addressKey(author.address)] : []);
  const all = [...mail.to, ...mail.cc].filter(({ address }) => {
    const key = addressKey(address);
    const isNew = !seen.has(key) && !isOurAddress(address) && isEmailAddress(address);
    seen.add(key);
    return isNew;
  });
  return { kept: all.slice(0, maxCc), left: Math.max(0, all.length - maxCc) };
}

/**
 * The key that makes two copies of a mail one (mail.md D1), as 64 hexadecimal digits: Message-ID, Date and From within
 * a mailbox; without an id the content; without a date too, the raw bytes.
 */
export function dedupKey(mail: ParsedMail, mailboxId: number, raw: Uint8Array): string {
  const from = mail.from.map(({ address }) => addressKey(address)).join();
  const date = headerValue(mail.headers, 'date') ?? '';
  if (mail.messageId !== undefined) return digest(['id', String(mailboxId), mail.messageId, date, from]);
  const content = digest([
    from,
    mail.to.map(({ address }) => addressKey(address)).join(),
    date,
    mail.subject,
    mail.text.slice(0, 65_536),
    ...mail.attachments.map(({ sha256 }) => sha256),
  ]);
  return digest(['content', String(mailboxId), content, date === '' ? createHash('sha256').update(raw).digest('hex') : '']);
}

/** An id for a mail that came without one: the same content always gives the same id. */
export function messageIdFor(mail: ParsedMail, mailboxId: number, raw: Uint8Array): string {
  return mail.messageId ?? `${dedupKey(mail, mailboxId, raw)}@no-message-id.invalid`;
}

function digest(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
