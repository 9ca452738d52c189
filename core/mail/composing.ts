import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { escapeHtml, textToHtml, withoutRemoteImages } from '../html/index.ts';
import type { Address } from './types.ts';

export interface Composition {
  readonly text: string;
  readonly html: string | null;
  readonly signature: string;
  /** What the reply answers, quoted below it. */
  readonly quoted: readonly Quoted[];
  readonly locale: string;
}

export interface Quoted {
  readonly attribution: string;
  readonly text: string;
  readonly html: string | null;
}

/** A reply as a person's mail looks: words, signature, the quoted history; no banner and no boxes. */
export function composeReply(parts: Composition): { text: string; html: string } {
  const signatureText = parts.signature.trim() === '' ? '' : `\n\n-- \n${parts.signature.trim()}`;
  const quotedText = parts.quoted.map(({ attribution, text }) => `\n\n${attribution}\n${quoteLines(text)}`).join('');
  const signatureHtml =
    parts.signature.trim() === '' ? '' : `<p class="helpdesk-signature">-- <br>${textToHtml(parts.signature.trim())}</p>`;
  const quotedHtml = parts.quoted
    .map(
      ({ attribution, text, html }) =>
        `<div class="helpdesk-quote" data-helpdesk-quote=""><p>${escapeHtml(attribution)}</p><blockquote type="cite">${html === null ? textToHtml(text) : withoutRemoteImages(html)}</blockquote></div>`,
    )
    .join('');
  const body = parts.html ?? textToHtml(parts.text);
  return {
    text: `${parts.text.trimEnd()}${signatureText}${quotedText}\n`,
    html: `<!doctype html><html lang="${escapeHtml(parts.locale)}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head><body style="font:15px/22px -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">${body}${signatureHtml}${quotedHtml}</body></html>`,
  };
}

/** An id nobody can guess and no ticket number can be read from (RFC 5322 section 3.6.4). */
export function newMessageId(fromAddress: string): string {
  const domain = fromAddress.slice(fromAddress.lastIndexOf('@') + 1) || 'localhost';
  return `<${randomUUID()}.${randomBytes(8).toString('hex')}@${domain}>`;
}

/** What a Message-ID is looked up by: ids can be longer than an index row (PostgreSQL: 2,704 bytes). */
export function mailIdHash(messageId: string): string {
  return createHash('sha256').update(messageId.trim().replace(/^</, '').replace(/>$/, '')).digest('hex');
}

/** The same for an id that another mail names: it may be the one that a server put in the place of ours (mail.md T3). */
export function namedIdHashes(messageId: string): readonly string[] {
  const replaced = messageId.trim().replace(amazonId, '$1@amazonses.com');
  return replaced === messageId.trim() ? [mailIdHash(messageId)] : [mailIdHash(messageId), mailIdHash(replaced)];
}

// The region in such an id is not told when the mail is taken.
const amazonId = /^<?([0-9a-f-]{30,80})@(?:email|[a-z]{2}(?:-[a-z]+){1,3}-\d)\.amazonses\.com>?$/i;

/**
 * The Message-ID that Amazon SES puts in the place of ours, read from its answer to the mail: later mails name that one
 * (mail.md T3). Undefined for the answer of another server.
 */
export function replacedMessageId(response: string): string | undefined {
  const id = /^250 (?:2\.0\.0 )?Ok ([0-9a-f]{16}(?:-[0-9a-f]{4,12}){5}-0{6})\s*$/i.exec(response)?.[1];
  return id === undefined ? undefined : `${id.toLowerCase()}@amazonses.com`;
}

const maxReferences = 20;
const maxReferenceBytes = 900;
const longestSubject = 500;

/**
 * In-Reply-To and References of an answer (RFC 5322 section 3.6.4): the root first, since clients thread by it, then the
 * last ids and the parent at the end. Relays refuse long header blocks, so at most twenty and 900 bytes besides the root;
 * an id that cannot stand in a header is left out. Ids come and go in their brackets.
 */
export function replyHeaders(ids: readonly string[], parent: string): Readonly<Record<string, string>> {
  const [root, ...rest] = [...new Set([...ids.filter((id) => id !== parent), parent])].filter(isWritable);
  if (root === undefined) return {};
  const kept: string[] = [];
  let bytes = root.length;
  for (const id of rest.toReversed()) {
    bytes += id.length + 1;
    if (kept.length >= maxReferences || bytes > maxReferenceBytes) break;
    kept.unshift(id);
  }
  return { ...(isWritable(parent) ? { 'In-Reply-To': parent } : {}), References: [root, ...kept].join(' ') };
}

function isWritable(id: string): boolean {
  return /^<[!-;=?-~]{3,250}>$/.test(id);
}

/** `Re: subject` in one line: one prefix, whatever the mail programs of both sides put before it. */
export function replySubject(subject: string): string {
  const plain = oneLine(subject).replace(/\s+/g, ' ');
  return `Re: ${plain.replace(/^(?:(?:re|aw|sv|antw)\s{0,3}[:：]\s*){1,50}/iu, '').slice(0, longestSubject)}`.trim();
}

/** A header value ends where its line ends; whatever would start a line of its own becomes a space. */
export function oneLine(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

/** The address once, whatever its case; our own addresses never. */
export function uniqueAddresses(addresses: readonly Address[], without: readonly string[]): readonly Address[] {
  const seen = new Set(without.map((email) => email.toLowerCase()));
  return addresses.filter(({ email }) => {
    const key = email.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function quoteLines(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`))
    .join('\n');
}
