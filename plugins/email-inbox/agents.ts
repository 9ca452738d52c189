import { composeNotice, type PluginTx, type User } from '@helpdesk/core/plugin';
import { mayActAsAgent, readAuthentication } from './authentication.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';

/** Whether a mail comes from an agent, and whether that is proven. */
export type AgentStanding = { readonly state: 'none' } | { readonly state: 'verified' | 'unverified'; readonly user: User };

/**
 * Says whether the author of a mail may act as the agent whose address From shows: an active agent who may
 * reply, in a mail the receiving server proved to come from there (mail.md V5).
 */
export async function agentAnswer(ctx: InboxContext, { author, mail, receiver, desk }: Arrival): Promise<AgentStanding> {
  const user = author === undefined ? undefined : await ctx.users.byEmail(author.address);
  if (user === undefined || user.role.kind !== 'agent') return { state: 'none' };
  const mayReply = user.isActive && user.role.permissions.some((one) => one === '*' || one === 'tickets.reply');
  const proof = readAuthentication(mail.headers, { authservIds: receiver?.authservIds ?? [] });
  // What a list wrote over From proves the list, not the person it names.
  const isProven = mayActAsAgent(mail.from.length, proof) && desk.isRewrittenFrom !== true;
  return { state: mayReply && isProven ? 'verified' : 'unverified', user };
}

/** Tells an agent that the answer stayed inside, within the loop budget. */
export async function noticeUnverified(
  ctx: InboxContext,
  tx: PluginTx,
  { mail, mailbox, isArchive, kind }: Arrival,
  agent: User,
): Promise<void> {
  if (agent.email === null || isArchive || !kind.mayAutoReply) return;
  const translator = ctx.i18n.translatorFor(agent.locale ?? mailbox.locale);
  const notice = composeNotice({
    locale: translator.locale,
    subject: translator.t('email-inbox.unverified.subject', { subject: mail.subject }),
    body: translator.t('email-inbox.unverified.body'),
    button: translator.t('email-inbox.unverified.button'),
    url: new URL('/desk', ctx.url).href,
    footer: (await ctx.site()).name,
  });
  await ctx.mail.queueAutomatic(tx, { kind: 'plugin', to: { name: agent.name, email: agent.email }, mailbox, ...notice }, undefined);
}
