import {
  composeNotice,
  ownReason,
  reasonInWords,
  reasonOf,
  type AppError,
  type PluginTx,
  type Ticket,
  type User,
} from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';
import { readAgentToken } from './agent-tokens.ts';
import type { Arrival } from './arrival.ts';
import { mayActAsAgent, readAuthentication, trustedServers } from './authentication.ts';
import type { InboxContext } from './settings.ts';
import { recipientAddresses } from './threading-ids.ts';

/** Why an agent's mail did not act as the agent's. */
export type Distrust = 'unproven' | 'other-sender' | 'no-access';

/** Whether a mail comes from an agent, and whether that is proven; `ticket` is the one that a signed address named. */
export type AgentStanding =
  | { readonly state: 'none' }
  | { readonly state: 'verified'; readonly user: User; readonly ticket?: Ticket | undefined }
  | { readonly state: 'unverified'; readonly user: User; readonly why: Distrust };

/**
 * Says whether a mail may act as an agent (mail.md V5): its From is an address of an active agent who may reply, and
 * either the receiving server proved that it came from there, or it was sent to the answer address that only this
 * agent's notification of this ticket carried.
 */
export async function agentAnswer(ctx: InboxContext, arrival: Arrival): Promise<AgentStanding> {
  const { author, mail, receiver, desk } = arrival;
  const proof = readAuthentication(mail.headers, trustedServers(receiver));
  const token = readAgentToken(ctx, recipientAddresses(mail.headers));
  if (token !== undefined) {
    const owner = await ctx.users.get(token.userId);
    if (owner !== undefined && owner.role.kind === 'agent')
      return byToken(ctx, arrival, { owner, ticketId: token.ticketId, isRefuted: proof.dmarc === 'fail' });
  }
  const user = author === undefined ? undefined : await ctx.users.byEmail(author.address);
  if (user === undefined || user.role.kind !== 'agent') return { state: 'none' };
  if (!mayReply(user)) return { state: 'unverified', user, why: 'no-access' };
  // What a list wrote over From proves the list, not the person it names.
  const isProven = mayActAsAgent(mail.from.length, proof) && desk.isRewrittenFrom !== true;
  return isProven ? { state: 'verified', user } : { state: 'unverified', user, why: 'unproven' };
}

async function byToken(
  ctx: InboxContext,
  { author, mail }: Arrival,
  { owner, ticketId, isRefuted }: { readonly owner: User; readonly ticketId: number; readonly isRefuted: boolean },
): Promise<AgentStanding> {
  const own = new Set((await ctx.users.emails(owner.id)).map(addressKey));
  if (author === undefined || mail.from.length !== 1 || !own.has(addressKey(author.address)))
    return { state: 'unverified', user: owner, why: 'other-sender' };
  if (isRefuted) return { state: 'unverified', user: owner, why: 'unproven' };
  const ticket = mayReply(owner) ? await ctx.tickets.living(ticketId) : undefined;
  return ticket === undefined || ticket.place === 'trash'
    ? { state: 'unverified', user: owner, why: 'no-access' }
    : { state: 'verified', user: owner, ticket };
}

function mayReply(user: User): boolean {
  return user.isActive && user.deletedAt === null && may(user, 'tickets.view') && may(user, 'tickets.reply');
}

/** Whether the role of a person holds a permission. */
export function may({ role: { permissions } }: User, permission: string): boolean {
  return permissions.includes('*') || permissions.includes(permission);
}

/** Why an agent's mail was not taken as the agent meant it, with what was written. */
export interface Refusal {
  readonly agent: User;
  readonly why: Distrust | 'unknown-command' | 'unknown-agent' | 'not-divided' | 'no-words' | 'not-done';
  /** The command or the name that is not known. */
  readonly what?: string | undefined;
  /** What the desk, or a plugin on it, refused the answer or the commands with. */
  readonly error?: AppError | undefined;
  /** What the agent wrote, for the refusals that throw it away. */
  readonly text?: string | undefined;
}

/** A refusal by the desk itself, as of a person who may not do what the mail asks for. */
export function refusalOf(agent: User, error: AppError, text: string): Refusal {
  return { agent, why: 'not-done', error, text };
}

/** Why an agent's mail was refused, as it is stored. */
export function refusalReason({ why, what = '', error }: Refusal): string {
  return ownReason(`email-inbox.refused.${why}`, { what, ...(error === undefined ? {} : { why: reasonOf(error) }) });
}

/** Tells an agent why, in the agent's language and within the loop budget. */
export async function noticeRefusal(
  ctx: InboxContext,
  tx: PluginTx,
  { mail, mailbox, isArchive, kind }: Arrival,
  refusal: Refusal,
): Promise<void> {
  const { agent, text } = refusal;
  if (agent.email === null || isArchive || !kind.mayAutoReply) return;
  const translator = ctx.i18n.translatorFor(agent.locale ?? mailbox.locale);
  const reason = reasonInWords(translator, refusalReason(refusal));
  const notice = composeNotice({
    locale: translator.locale,
    subject: translator.t('email-inbox.refused.subject', { subject: mail.subject }),
    body: text === undefined ? reason : `${reason}\n\n${translator.t('email-inbox.refused.text')}\n${text}`,
    button: translator.t('email-inbox.refused.button'),
    url: new URL('/desk', ctx.url).href,
    footer: (await ctx.site()).name,
  });
  await ctx.mail.queueAutomatic(tx, { kind: 'plugin', to: { name: agent.name, email: agent.email }, mailbox, ...notice }, undefined);
}
