import { readAddresses } from './addresses.ts';
import { splitOutsideQuotes, withoutComments, type MailHeader } from './header.ts';
import type { Receiver } from './receivers-repository.ts';

/** What the receiving server found out about a mail (RFC 8601); `source` says why the header was believed. */
export interface Authentication {
  readonly spf: string | undefined;
  readonly dkim: readonly string[];
  readonly dmarc: string | undefined;
  /** DMARC passed, or an SPF or DKIM pass belongs to the domain of From. */
  readonly isAligned: boolean;
  readonly source: 'authserv-id' | 'topmost' | 'none';
}

export interface TrustedServers {
  /** The authserv-ids of the mailbox, in lower case. */
  readonly authservIds: readonly string[];
  /** For servers that write no authserv-id: believe the topmost header alone. */
  readonly topmostOnly?: boolean;
  /** How many Received lines our own servers put above their result; 0 unless the setup mail showed more. */
  readonly ownHops?: number;
}

/** Whose results a mailbox believes; one that receives nothing by itself believes nobody. */
export function trustedServers(receiver: Receiver | undefined): TrustedServers {
  return { authservIds: receiver?.authservIds ?? [], topmostOnly: receiver?.trustsTopmost ?? false, ownHops: receiver?.ownHops ?? 0 };
}

const nothing: Authentication = { spf: undefined, dkim: [], dmarc: undefined, isAligned: false, source: 'none' };

/**
 * Reads the Authentication-Results that may be believed: by a configured server and above every foreign Received line, or the
 * topmost where configured so. Any other such header is text of the sender (mail.md V4).
 */
export function readAuthentication(headers: readonly MailHeader[], trusted: TrustedServers): Authentication {
  const index = headers.findIndex(
    ({ name, value }) =>
      name === 'authentication-results' && (trusted.topmostOnly === true || trusted.authservIds.includes(authservId(value))),
  );
  const found = headers[index];
  // A server without an authserv-id, Microsoft's, puts its own hops above its result; the topmost one is still its own.
  if (!found || (trusted.topmostOnly !== true && hopsAbove(headers, index) > (trusted.ownHops ?? 0))) return nothing;

  // The sender's text may end a comment that it stands in, so what follows may be the sender's as well.
  if (hasQuoteInComment(found.value)) return { ...nothing, dmarc: refuted.test(found.value) ? 'fail' : undefined };
  const results = splitOutsideQuotes(withoutComments(found.value), ';').map((result) => result.trim().toLowerCase());
  const value = (method: string): string[] =>
    results.flatMap((result) => new RegExp(`^${method}\\s{0,3}=\\s{0,3}([a-z]{2,20})`).exec(result)?.[1] ?? []);
  const domains = headers
    .filter(({ name }) => name === 'from')
    .flatMap((header) => readAddresses(header.value))
    .map(({ address }) => domainOf(address));
  const [domain] = domains;
  const passes = results.map(provenDomain);
  const dmarc = dmarcOf(found.value, value('dmarc'));
  const isAligned = domains.length === 1 && domain !== undefined && dmarc !== 'fail' && (dmarc === 'pass' || passes.includes(domain));
  return { spf: value('spf')[0], dkim: value('dkim'), dmarc, isAligned, source: trusted.topmostOnly === true ? 'topmost' : 'authserv-id' };
}

// The sender chose the address that a result names, so a result that such text could hide is looked for without regard to quotes.
const refuted = /;\s{0,20}dmarc\s{0,3}=\s{0,3}fail\b/i;

/** The DMARC result: a failure in any reading of the header wins, and a pass must be the only one. */
function dmarcOf(header: string, results: readonly string[]): string | undefined {
  return refuted.test(header) || results.includes('fail') ? 'fail' : (results.find((result) => result !== 'pass') ?? results[0]);
}

function hasQuoteInComment(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '"' && depth > 0) return true;
    else if (char === '"') quoted = !quoted;
    else if (char === '(' && !quoted) depth += 1;
    else if (char === ')' && !quoted && depth > 0) depth -= 1;
  }
  return false;
}

const provenAddress = /^<?(?:(?:"(?:[^"\\]|\\.){0,200}"|[^\s"@<>]{0,200})@)?([^\s"@<>;]{1,253})>?$/;

/** The domain that a passed SPF or DKIM result speaks for, or undefined; text in quotes names no property. */
function provenDomain(result: string): string | undefined {
  const [, method] = /^(spf|dkim)\s{0,3}=\s{0,3}pass\b/.exec(result) ?? [];
  if (method === undefined) return undefined;
  const properties = new Map(
    splitOutsideQuotes(result.replace(/\s+/g, ' ').replace(/ ?= ?/g, '='), ' ').map((property) => {
      const equals = property.indexOf('=');
      return [property.slice(0, equals), property.slice(equals + 1)] as const;
    }),
  );
  const named = method === 'spf' ? properties.get('smtp.mailfrom') : (properties.get('header.d') ?? properties.get('header.i'));
  return provenAddress.exec(named ?? '')?.[1];
}

/**
 * The server that wrote the topmost Authentication-Results, to propose it, and the Received lines above it; undefined when
 * it names none. Only a check of a sender counts its hops: a server that let us sign in to send stands below foreign ones.
 */
export function topmostServer(headers: readonly MailHeader[]): { readonly id: string; readonly hops: number } | undefined {
  const index = headers.findIndex(({ name }) => name === 'authentication-results');
  const value = headers[index]?.value ?? '';
  const id = authservId(value);
  if (!/^[a-z0-9.-]{1,255}$/.test(id) || !id.includes('.')) return undefined;
  return { id, hops: /\b(?:spf|dkim|dmarc)\s{0,3}=/i.test(value) ? hopsAbove(headers, index) : 0 };
}

function hopsAbove(headers: readonly MailHeader[], index: number): number {
  return headers.slice(0, index).filter(({ name }) => name === 'received').length;
}

function authservId(value: string): string {
  return withoutComments(value).split(';')[0]?.trim().split(/\s/)[0]?.toLowerCase() ?? '';
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Whether a mail may act as the agent it names in From: one From, and the mail is proven to come from there (mail.md V5). */
export function mayActAsAgent(fromCount: number, authentication: Authentication): boolean {
  return fromCount === 1 && authentication.source !== 'none' && authentication.isAligned;
}
