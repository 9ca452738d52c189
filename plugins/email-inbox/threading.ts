import { createHash } from 'node:crypto';
import type { Ticket } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { remembered } from './corrections.ts';
import { ownMarks, writtenMark } from './body-marks.ts';
import { addressSecret, markScope, rewrittenIds, type KnownDesk } from './desk-identity.ts';
import { headerValue } from './header.ts';
import { threadCandidates } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';
import type { SpamEvidence } from './spam.ts';
import { baseSubject, isForwarded, readSubjectTags, readToken, recipientAddresses, threadIndexHead, tokenShape } from './threading-ids.ts';
import { ThreadLog, type ThreadDecision, type ThreadRefusal, type ThreadRule } from './threading-log.ts';

const dayMs = 86_400_000;
const ancestorDays = 30;
const tagDays = 180;

/** Where a mail belongs: to a ticket, to a new ticket beside a related one, or to neither; and why. */
export interface Thread {
  readonly joins?: Ticket | undefined;
  readonly related?: Ticket | undefined;
  /** True when the author took no part in the ticket so far (mail.md T10). */
  readonly isNewParticipant: boolean;
  readonly decision: ThreadDecision;
}

export interface ThreadQuestion {
  readonly mail: ParsedMail;
  readonly desk: KnownDesk;
  readonly mailboxId: number;
  /** Key of the author's address; undefined when the mail names none. */
  readonly author: string | undefined;
  /** Machines never reopen, so the age of a closed ticket does not matter for them. */
  readonly isPerson: boolean;
  /** Spam by a list or only by a mark in its header, which may be wrong about somebody who takes part in a ticket. */
  readonly spam: SpamEvidence | undefined;
}

interface Found {
  readonly ticket: Ticket;
  readonly evidence: string;
  /** The ticket is only mentioned: it is linked, not joined. */
  readonly refusal?: ThreadRefusal;
}

type Rule = readonly [name: ThreadRule, look: (ctx: InboxContext, question: ThreadQuestion, log: ThreadLog) => Promise<Found | undefined>];

/** In the order of mail.md section 2: the first that finds a ticket decides, what later ones find is noted. */
const rules: readonly Rule[] = [
  ['token', byToken],
  ['reply-id', (ctx, { mail, desk }) => byIds(ctx, desk, threadCandidates(mail.inReplyTo, mail.references))],
  ['rewritten-id', (ctx, { mail, desk }) => byIds(ctx, desk, rewrittenIds(mail))],
  ['shared-reference', byAncestor],
  ['body-mark', byMark],
  ['subject-number', byTag],
  ['thread-index', byThreadIndex],
];

/** Finds the ticket of a mail by what is stored; nothing in the mail is decoded. */
export async function findThread(ctx: InboxContext, question: ThreadQuestion): Promise<Thread> {
  const log = new ThreadLog();
  let chosen: { readonly rule: ThreadRule; readonly ticket: Ticket } | undefined;
  let related: Ticket | undefined;
  for (const [rule, look] of rules) {
    const found = await look(ctx, question, log);
    if (found === undefined) continue;
    const { ticket, evidence, refusal } = found;
    if (refusal === undefined && chosen === undefined) chosen = { rule, ticket };
    if (refusal !== undefined && chosen === undefined) related ??= ticket;
    log.note({
      rule,
      evidence,
      ticketId: ticket.id,
      ...(refusal === undefined ? { outcome: chosen?.rule === rule ? 'chosen' : 'hint' } : { outcome: 'refused', refusal }),
    });
  }
  const { mail, mailboxId, author } = question;
  const right = await remembered(ctx, { mailboxId, author, subject: mail.subject, found: chosen?.ticket });
  if (right !== undefined) {
    log.overrule();
    log.note({ rule: 'memory', evidence: author ?? '', ticketId: right.id, outcome: 'chosen' });
    chosen = { rule: 'memory', ticket: right };
  }
  if (chosen !== undefined) return settle(ctx, question, chosen, log);
  return { related, isNewParticipant: false, decision: log.decided(related === undefined ? 'new' : 'related', related?.id) };
}

async function settle(
  ctx: InboxContext,
  question: ThreadQuestion,
  { rule, ticket }: { readonly rule: ThreadRule; readonly ticket: Ticket },
  log: ThreadLog,
): Promise<Thread> {
  const { author } = question;
  const isKnown = author !== undefined && (await participants(ctx, ticket)).has(author);
  const refusal = staysOut(question, ticket, rule, isKnown) ? 'spam' : await refusalOf(ctx, question, ticket, rule);
  if (refusal !== undefined) {
    log.refuse(rule, refusal);
    return { related: ticket, isNewParticipant: false, decision: log.decided('related', ticket.id) };
  }
  return { joins: ticket, isNewParticipant: !isKnown, decision: log.decided(rule, ticket.id) };
}

/** Whether a mail stays out of a ticket because it is spam (mail.md X1). */
function staysOut({ spam }: ThreadQuestion, ticket: Ticket, rule: ThreadRule, isKnown: boolean): boolean {
  if (spam === undefined || ticket.place === 'spam' || rule === 'memory') return false;
  return spam === 'listed' || !isKnown;
}

async function refusalOf(
  ctx: InboxContext,
  { mail, mailboxId, isPerson }: ThreadQuestion,
  ticket: Ticket,
  rule: ThreadRule,
): Promise<ThreadRefusal | undefined> {
  if (rule !== 'memory' && isForwarded(mail.subject) && ticket.mailboxId !== null && ticket.mailboxId !== mailboxId) return 'forward';
  if (ticket.place === 'trash') return 'trash';
  return isPerson && (await isLongClosed(ctx, ticket)) ? 'closed' : undefined;
}

async function isLongClosed(ctx: InboxContext, ticket: Ticket): Promise<boolean> {
  if (ticket.category !== 'solved' && ticket.category !== 'closed') return false;
  const { reopenDays } = await ctx.site();
  return ctx.clock.now() - (ticket.solvedAt ?? ticket.updatedAt) > reopenDays * dayMs;
}

async function byToken(ctx: InboxContext, { mail, desk }: ThreadQuestion, log: ThreadLog): Promise<Found | undefined> {
  // Other people's plus addresses are none of ours.
  const addresses = recipientAddresses(mail.headers).filter((address) => desk.isOurAddress(address) && tokenShape('t').test(address));
  if (addresses.length === 0) return undefined;
  const secret = addressSecret(ctx);
  for (const address of addresses)
    for (const { id } of desk.mailboxes) {
      const token = readToken([address], { kind: 't', secret, mailboxId: id });
      if (token === undefined || token === 'forged') continue;
      const ticket = await living(ctx, token.id);
      // The signature itself is a key and is not shown.
      return ticket && { ticket, evidence: address.replace(/\.[a-z2-7]{16}@/i, '.…@') };
    }
  ctx.log.warn('A mail carries a reply address with a wrong signature; it is filed without it.', { addresses });
  log.note({ rule: 'token', evidence: addresses[0] ?? '', outcome: 'refused', refusal: 'forged' });
  return undefined;
}

async function byIds(ctx: InboxContext, desk: KnownDesk, ids: readonly string[]): Promise<Found | undefined> {
  for (const id of ids) {
    const hit = desk.named.get(id);
    const ticket = hit === undefined ? undefined : await living(ctx, hit.ticketId);
    if (ticket !== undefined) return { ticket, evidence: `<${id}>` };
  }
  return undefined;
}

/** Two answers to a mail that never reached us share its id (mail.md T2b). */
async function byAncestor(ctx: InboxContext, question: ThreadQuestion): Promise<Found | undefined> {
  const { mail } = question;
  const ids = [...new Set([...mail.inReplyTo, ...mail.references])].slice(0, maxRefs);
  const ticket = await sharing(ctx, question, ids.map(hashOf));
  return ticket && { ticket, evidence: `<${ids.at(-1) ?? ''}>` };
}

/** A mark of ours that stayed in what the mail quotes, where nothing in its header leads anywhere (mail.md T3). */
async function byMark(ctx: InboxContext, { mail: { marks } }: ThreadQuestion, log: ThreadLog): Promise<Found | undefined> {
  const own = ownMarks(marks, markScope(ctx));
  for (const { ticketId, shown } of own) {
    const ticket = await living(ctx, ticketId);
    if (ticket !== undefined) return { ticket, evidence: shown };
  }
  const [forged] = marks;
  if (forged === undefined || own.length > 0) return undefined;
  ctx.log.warn('A mail carries a mark with a wrong signature; it is filed without it.', { marks });
  log.note({ rule: 'body-mark', evidence: writtenMark(forged), outcome: 'refused', refusal: 'forged' });
  return undefined;
}

/** Outlook's name of a conversation, believed only together with the same people and subject (mail.md T5). */
async function byThreadIndex(ctx: InboxContext, question: ThreadQuestion): Promise<Found | undefined> {
  const head = threadIndexHead(headerValue(question.mail.headers, 'thread-index'));
  if (head === undefined) return undefined;
  const ticket = await sharing(ctx, question, [threadIndexHash(head)]);
  const isSameSubject =
    ticket !== undefined && baseSubject(ticket.subject).toLowerCase() === baseSubject(question.mail.subject).toLowerCase();
  return isSameSubject ? { ticket, evidence: head } : undefined;
}

/** A ticket of the last 30 days whose mails named the same thing and which the author or a recipient takes part in. */
async function sharing(
  ctx: InboxContext,
  { mail, desk, mailboxId, author }: ThreadQuestion,
  hashes: readonly string[],
): Promise<Ticket | undefined> {
  if (hashes.length === 0 || author === undefined) return undefined;
  const since = ctx.clock.now() - ancestorDays * dayMs;
  const ids: number[] = await ctx.db
    .table('refs')
    .whereIn('ref_hash', [...hashes])
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

async function byTag(ctx: InboxContext, { mail, author }: ThreadQuestion): Promise<Found | undefined> {
  let mentioned: Found | undefined;
  for (const number of readSubjectTags(mail.subject)) {
    const id = await ctx.tickets.idOfNumber(number);
    const ticket = id === undefined ? undefined : await living(ctx, id);
    if (ticket === undefined) continue;
    const evidence = `[#${number}]`;
    const isStranger = author === undefined || !(await participants(ctx, ticket)).has(author);
    if (!isStranger && ctx.clock.now() - ticket.updatedAt < tagDays * dayMs) return { ticket, evidence };
    mentioned ??= { ticket, evidence, refusal: isStranger ? 'stranger' : 'old' };
  }
  return mentioned;
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

const maxRefs = 50;

/** What a mail refers to, as it is stored and looked up for later answers to the same mail. */
export function refHashes(mail: ParsedMail): readonly string[] {
  const head = threadIndexHead(headerValue(mail.headers, 'thread-index'));
  return [
    ...[...new Set([...mail.inReplyTo, ...mail.references])].slice(0, maxRefs).map(hashOf),
    ...(head === undefined ? [] : [threadIndexHash(head)]),
  ];
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function threadIndexHash(head: string): string {
  return hashOf(`thread-index:${head}`);
}
