import { createHmac, timingSafeEqual } from 'node:crypto';
import { addressSecret } from './desk-identity.ts';
import type { InboxContext } from './settings.ts';

/** The ticket and the agent that an answer address of a notification was made for. */
export interface AgentToken {
  readonly ticketId: number;
  readonly userId: number;
}

const macDigits = 20;

function macOf(ctx: InboxContext, { ticketId, userId }: AgentToken): string {
  return createHmac('sha256', addressSecret(ctx)).update(`a|${ticketId}|${userId}`).digest('hex').slice(0, macDigits);
}

/** `local+a<ticket>-<agent>.<80 bit mac>@domain`: whoever writes there has read a notification of this agent (mail.md V5). */
export function agentAddress(ctx: InboxContext, address: string, token: AgentToken): string {
  const at = address.lastIndexOf('@');
  const name = `a${token.ticketId.toString(36)}-${token.userId.toString(36)}.${macOf(ctx, token)}`;
  return `${address.slice(0, at)}+${name}${address.slice(at)}`;
}

/** The first answer address among these whose mac holds, compared in constant time; any other is ignored. */
export function readAgentToken(ctx: InboxContext, addresses: readonly string[]): AgentToken | undefined {
  for (const address of addresses) {
    const [, ticket = '', user = '', mac = ''] = /\+a([0-9a-z]{1,11})-([0-9a-z]{1,11})\.([0-9a-f]{20})@/i.exec(address) ?? [];
    const token = { ticketId: Number.parseInt(ticket, 36), userId: Number.parseInt(user, 36) };
    if (mac !== '' && timingSafeEqual(Buffer.from(mac.toLowerCase()), Buffer.from(macOf(ctx, token)))) return token;
  }
  return undefined;
}
