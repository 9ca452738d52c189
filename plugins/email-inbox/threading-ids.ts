import { createHmac, timingSafeEqual } from 'node:crypto';
import { readAddresses } from './addresses.ts';
import { headerValues, type MailHeader } from './header.ts';

/** What a signed token names: `t` a ticket by its plus-address (mail.md T1), `b` an outbox row whose bounces return here (O5), `m` a ticket by a mark in the body (T3). */
export type TokenKind = 't' | 'b' | 'm';

export interface TokenScope {
  readonly kind: TokenKind;
  /** Secret key of the desk; at least 32 bytes. */
  readonly secret: Uint8Array;
  /** 0 for a token that holds at every mailbox. */
  readonly mailboxId: number;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const macLength = 16;

/** `local+t<id in base 36>.<80 bit mac>@domain` for a mailbox address. */
export function signAddress(address: string, id: number, scope: TokenScope): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}+${scope.kind}${signToken(id, scope)}${address.slice(at)}`;
}

/** `<id in base 36>.<80 bit mac>`. */
export function signToken(id: number, scope: TokenScope): string {
  return `${id.toString(36)}.${macFor(id, scope)}`;
}

/** What `signToken` makes, as the source of a pattern. */
export const tokenSource = '[0-9a-z]{1,11}\\.[a-z2-7]{16}';

/** The id that a token of this shape names, or undefined when its mac is wrong, which is compared in constant time. */
export function idOfToken(token: string, scope: TokenScope): number | undefined {
  const [digits = '', mac = ''] = token.toLowerCase().split('.');
  const id = Number.parseInt(digits, 36);
  const given = Buffer.from(mac.padEnd(macLength).slice(0, macLength));
  return Number.isSafeInteger(id) && timingSafeEqual(given, Buffer.from(macFor(id, scope))) ? id : undefined;
}

function macFor(id: number, { kind, secret, mailboxId }: TokenScope): string {
  const digest = createHmac('sha256', secret).update(`${kind}|${mailboxId}|${id}`).digest();
  return base32(digest.subarray(0, 10));
}

function base32(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let shift = bytes.length * 8 - 5; shift >= 0; shift -= 5) text += alphabet[Number((bits >> BigInt(shift)) & 31n)] ?? '';
  return text;
}

/** What an address with a token of ours looks like. */
export function tokenShape(kind: TokenScope['kind']): RegExp {
  return new RegExp(`\\+${kind}(${tokenSource})@`, 'i');
}

/** A token found in the recipients: the id when its mac holds, else `forged`. */
export type ReadToken = { readonly id: number } | 'forged';

/**
 * Reads the first token of the scope among addresses; undefined when there is none. The mac is compared in
 * constant time; a bad one is reported so that it can be logged, and never used.
 */
export function readToken(addresses: readonly string[], scope: TokenScope): ReadToken | undefined {
  let forged = false;
  for (const address of addresses) {
    const match = tokenShape(scope.kind).exec(address);
    if (match === null) continue;
    const id = idOfToken(match[1] ?? '', scope);
    if (id !== undefined) return { id };
    forged = true;
  }
  return forged ? 'forged' : undefined;
}

const recipientHeaders = ['to', 'cc', 'delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to', 'resent-to'];

/** Every address a mail may have been sent to, from the headers that servers and senders write (mail.md T1), at most 500. */
export function recipientAddresses(headers: readonly MailHeader[]): string[] {
  const found = recipientHeaders.flatMap((name) => headerValues(headers, name).flatMap(readAddresses));
  return [...new Set(found.map(({ address }) => address))].slice(0, 500);
}

const replyPrefixes = 're|aw|sv|vs|antw|odp|r|rif|ref|res|回复|回覆|答复|vl|i|fwd?|wg|tr|enc|rv|doorst|转发|轉寄|转寄';
const prefix = new RegExp(`^(?:${replyPrefixes})(?:\\[\\d{1,4}\\]|\\(\\d{1,4}\\))?\\s{0,3}[:：]\\s*`, 'iu');
const forwardPrefix = /^(?:fwd?|wg|tr|enc|rv|vl|i|doorst|转发|轉寄|转寄)(?:\[\d{1,4}\])?\s{0,3}[:：]/iu;
const listTag = /^\[[^\][]{1,60}\]\s*/u;

/** The subject without reply and forward prefixes and list tags in front, white space folded (mail.md T6). */
export function baseSubject(subject: string): string {
  let rest = subject.slice(0, 2000).replace(/\s+/g, ' ').trim();
  for (let round = 0; round < 50; round += 1) {
    const next = rest.replace(prefix, '').replace(listTag, '');
    if (next === rest || next === '') break;
    rest = next;
  }
  return rest;
}

/** True when the first prefix of a subject says that it was forwarded. */
export function isForwarded(subject: string): boolean {
  let rest = subject.trim();
  while (listTag.test(rest)) rest = rest.replace(listTag, '');
  return forwardPrefix.test(rest);
}

const mostTags = 5;

/** The ticket numbers of `[#1042]` in a subject, in their order: other desks write such tags as well (mail.md T4). */
export function readSubjectTags(subject: string): readonly number[] {
  const found = [...subject.slice(0, 2000).matchAll(/\[#(\d{1,12})\]/gu)].map(([, digits]) => Number(digits));
  return [...new Set(found)].slice(0, mostTags);
}

/** The 22 bytes that name a conversation in Outlook's Thread-Index, in hexadecimal, or undefined (MS-OXOMSG section 2.2.1.3). */
export function threadIndexHead(value: string | undefined): string | undefined {
  const bytes = Buffer.from((value ?? '').slice(0, 2000).replace(/\s+/g, ''), 'base64');
  return bytes.length < 22 ? undefined : bytes.subarray(0, 22).toString('hex');
}
