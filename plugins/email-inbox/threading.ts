import { createHash } from 'node:crypto';
import type { Ticket } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { addressSecret, rewrittenIds, type KnownDesk } from './desk-identity.ts';
import { threadCandidates } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';
import { isForwarded, readSubjectTag, readToken, recipientAddresses } from './threading-ids.ts';

const dayMs = 86_400_000;
const ancestorDays = 30;
const tagDays = 180;

/** Where a mail belongs: to a ticket, to a new ticket beside a related one, or to neither. */
export interface Thread {
  readonly joins?: Ticket | undefined;
  readonly related?: Ticket | undefined;
  /** True when the author took no part in the ticket so far (mail.md T10). */
  readonly isNewParticipant: boolean;
}

export interface ThreadQuestion {
  readonly mail: ParsedMail;
  readonly desk: KnownDesk;
  readonly mailboxId: number;
  /** Key of the author's address; undefined when the mail names none. */
  readonly author: string | undefined;
  /** Machines never reopen, so the age of a closed ticket does not matter for them. */
  readonly isPerson: boolean;
}

/** Finds the ticket of a mail by what is stored, first hit wins (mail.md section 2); nothing in the mail is decoded. */
export async function findThread(ctx: InboxContext, question: ThreadQuestion): Promise<Thread> {
  const hit = (await byToken(ctx, question)) ?? (await byIds(ctx, question)) ?? (await byAncestor(ctx, question));
  if (hit !== undefined) return settle(ctx, question, hit);
  const tagged = await byTag(ctx, question);
  if (tagged === undefined) return { isNewParticipant: false };
  return tagged.mayJoin ? settle(ctx, question, tagged.ticket) : { related: tagged.ticket, isNewParticipant: false };
}

async function settle(ctx: InboxContext, { author, isPerson, mail, mailboxId }: ThreadQuestion, ticket: Ticket): Promise<Thread> {
  const isForeignForward = isForwarded(mail.subject) && ticket.mailboxId !== null && ticket.mailboxId !== mailboxId;
  if (isForeignForward || ticket.place === 'trash' || (isPerson && (await isLongClosed(ctx, ticket))))
    return { related: ticket, isNewParticipant: false };
  const isKnown = author !== undefined && (await participants(ctx, ticket)).has(author);
  return { joins: ticket, isNewParticipant: !isKnown };
}

async function isLongClosed(ctx: InboxContext, ticket: Ticket): Promise<boolean> {
  if (ticket.category !== 'solved' && ticket.category !== 'closed') return false;
  const { reopenDays } = await ctx.site();
  return ctx.clock.now() - (ticket.solvedAt ?? ticket.updatedAt) > reopenDays * dayMs;
}

async function byToken(ctx: InboxContext, { mail, desk }: ThreadQuestion): Promise<Ticket | undefined> {
  const addresses = recipientAddresses(mail.headers).filter((address) => address.includes('+t'));
  if (addresses.length === 0) return undefined;
  const secret = addressSecret(ctx);
  for (const { id } of desk.mailboxes) {
    const token = readToken(addresses, { kind: 't', secret, mailboxId: id });
    if (token !== undefined && token !== 'forged') return living(ctx, token.id);
  }
  ctx.log.warn('A mail carries a reply address with a wrong signature; it is filed without it.', { addresses });
  return undefined;
}

async function byIds(ctx: InboxContext, { mail, desk }: ThreadQuestion): Promise<Ticket | undefined> {
  for (const id of [...threadCandidates(mail.inReplyTo, mail.references), ...rewrittenIds(mail)]) {
    const hit = desk.named.get(id);
    const ticket = hit === undefined ? undefined : await living(ctx, hit.ticketId);
    if (ticket !== undefined) return ticket;
  }
  return undefined;
}

/** Two answers to a mail that never reached us share its id (mail.md T2b). */
async function byAncestor(ctx: InboxContext, { mail, desk, mailboxId, author }: ThreadQuestion): Promise<Ticket | undefined> {
  const hashes = refHashes(mail);
  if (hashes.length === 0 || author === undefined) return undefined;
  const since = ctx.clock.now() - ancestorDays * dayMs;
  const ids: number[] = await ctx.db
    .table('refs')
    .whereIn('ref_hash', hashes)
    .where({ mailbox_id: mailboxId })
    .where('created_at', '>', since)
    .orderBy('created_at', 'desc')
    .limit(5)
    .pluck('ticket_id');
  const others = [...mail.to, ...mail.cc].filter(({ address }) => !desk.isOurAddress(address)).map(({ address }) => addressKey(address));
  for (const id of new Set(ids)) {
    const ticket = await living(ctx, id);
    if (ticket === undefined) continue;
    const known = await participants(ctx, ticket);
    if (known.has(author) || others.some((one) => known.has(one))) return ticket;
  }
  return undefined;
}

async function byTag(ctx: InboxContext, { mail, author }: ThreadQuestion): Promise<{ ticket: Ticket; mayJoin: boolean } | undefined> {
  const number = readSubjectTag(mail.subject);
  const id = number === undefined ? undefined : await ctx.tickets.idOfNumber(number);
  const ticket = id === undefined ? undefined : await living(ctx, id);
  if (ticket === undefined) return undefined;
  const isRecent = ctx.clock.now() - ticket.updatedAt < tagDays * dayMs;
  return { ticket, mayJoin: isRecent && author !== undefined && (await participants(ctx, ticket)).has(author) };
}

async function living(ctx: InboxContext, ticketId: number): Promise<Ticket | undefined> {
  const ticket = await ctx.tickets.living(ticketId);
  return ticket === undefined || ticket.deletedAt !== null ? undefined : ticket;
}

/** Everybody who wrote to a ticket or was written to, by address key. */
export async function participants(ctx: InboxContext, ticket: Ticket): Promise<ReadonlySet<string>> {
  const messages = await ctx.tickets.latestMessages(ticket.id, 200);
  const people = [...new Set([ticket.requesterId, ...messages.flatMap(({ authorId }) => (authorId === null ? [] : [authorId]))])];
  const emails = (await Promise.all(people.map((id) => ctx.users.emails(id)))).flat();
  const named = messages.flatMap(({ addresses: { from, to, cc } }) =>
    [...(from === undefined ? [] : [from]), ...(to ?? []), ...(cc ?? [])].map(({ email }) => email),
  );
  return new Set([...emails, ...named].map(addressKey));
}

/** The ids a mail refers to, as they are stored and looked up for later answers to the same mail. */
export function refHashes(mail: ParsedMail): readonly string[] {
  return [...new Set([...mail.inReplyTo, ...mail.references])].slice(0, 50).map((id) => createHash('sha256').update(id).digest('hex'));
}
