import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Mailbox } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import type { DeskIdentity } from './classifying.ts';
import { wholeDomains, withoutDetail } from './mailbox-addresses.ts';
import { threadCandidates } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';
import type { TokenScope } from './threading-ids.ts';

/** Name of the header every mail of this desk carries, by which it knows its own mail again. */
export const loopHeader = 'X-Desk-Loop';

/** The value of the loop header: the same for all mail of one desk, and unknown to everybody who never got one. */
export function loopValue(ctx: InboxContext): string {
  return createHmac('sha256', ctx.secrets.signingKey('loop')).update('loop').digest('hex').slice(0, 40);
}

/** The key under which reply addresses are signed. */
export function addressSecret(ctx: InboxContext): Uint8Array {
  return ctx.secrets.signingKey('reply-address');
}

/** What the marks in bodies are signed for: no mailbox, since a ticket may move between them. */
export function markScope(ctx: InboxContext): TokenScope {
  return { kind: 'm', secret: addressSecret(ctx), mailboxId: 0 };
}

/** What is known about a mail before it is classified: who we are, and which ids in it are ours. */
export interface KnownDesk extends DeskIdentity {
  readonly mailboxes: readonly Mailbox[];
  /** Messages and sent mails that the ids in the mail name. */
  readonly named: ReadonlyMap<string, { readonly ticketId: number; readonly messageId: number | null; readonly direction: 'in' | 'out' }>;
}

/** Reads everything the classifier may ask about, in a few queries. */
export async function readDesk(ctx: InboxContext, mail: ParsedMail, mailboxId: number): Promise<KnownDesk> {
  const { mailboxes, own, domains } = await ownAddresses(ctx);
  const ids = [
    ...(mail.messageId === undefined ? [] : [mail.messageId]),
    ...threadCandidates(mail.inReplyTo, mail.references),
    ...rewrittenIds(mail),
  ];
  const [named, people] = await Promise.all([ctx.tickets.byMailIds(ids, mailboxId), peopleOf(ctx, mail, domains)]);
  const value = loopValue(ctx);
  return {
    mailboxes,
    named,
    isOurAddress(address) {
      const key = addressKey(address);
      return own.has(key) || own.has(withoutDetail(key)) || (domains.has(domainOf(key)) && !people.has(key));
    },
    isOurMessageId: (id) => named.get(id)?.direction === 'out',
    isOurLoopHeader: (given) =>
      given.trim().length === value.length &&
      timingSafeEqual(Buffer.from(given.trim().padEnd(value.length).slice(0, value.length), 'latin1'), Buffer.from(value)),
  };
}

interface OwnAddresses {
  readonly mailboxes: readonly Mailbox[];
  readonly own: ReadonlySet<string>;
  /** Domains whose every address comes here. */
  readonly domains: ReadonlySet<string>;
}

const cacheMs = 500;
const cached = new WeakMap<InboxContext, { readonly at: number; readonly value: Promise<OwnAddresses> }>();

// A backlog asks a hundred times a second, and mailboxes hardly ever change.
function ownAddresses(ctx: InboxContext): Promise<OwnAddresses> {
  const known = cached.get(ctx);
  if (known !== undefined && performance.now() - known.at < cacheMs) return known.value;
  const value = (async () => {
    const [mailboxes, system] = await Promise.all([ctx.mail.mailboxes(), ctx.mail.systemSender()]);
    const own = [...mailboxes.flatMap(({ address, aliases }) => [address, ...aliases]), ...(system === undefined ? [] : [system.email])];
    return { mailboxes, own: new Set(own.map(addressKey)), domains: wholeDomains(mailboxes) };
  })();
  value.catch(() => cached.delete(ctx));
  cached.set(ctx, { at: performance.now(), value });
  return value;
}

/** Ids under which servers remember the one they replaced (mail.md T3). */
export function rewrittenIds(mail: ParsedMail): readonly string[] {
  return mail.headers
    .filter(({ name }) => name === 'x-microsoft-original-message-id')
    .map(({ value }) => value.trim().replace(/^<|>$/g, ''));
}

/**
 * Addresses of a whole domain of ours that stand for people all the same: whoever wrote the mail, and everybody the desk
 * knows. Without them a colleague's mail would be taken for our own.
 */
async function peopleOf(ctx: InboxContext, mail: ParsedMail, domains: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const authors = mail.from.map(({ address }) => addressKey(address));
  if (domains.size === 0) return new Set(authors);
  const others = new Set([...mail.replyTo, ...mail.to, ...mail.cc].map(({ address }) => addressKey(address)));
  const asked = [...others].filter((key) => domains.has(domainOf(key))).slice(0, 50);
  const known = await Promise.all(asked.map(async (key) => ((await ctx.users.byEmail(key)) === undefined ? [] : [key])));
  return new Set([...authors, ...known.flat()]);
}

function domainOf(key: string): string {
  return key.slice(key.lastIndexOf('@') + 1);
}
