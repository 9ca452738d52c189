import { AppError } from '@helpdesk/core/plugin';
import { carryOut, passedOn, readOrder, type AgentOrder } from './agent-orders.ts';
import { noticeRefusal, refusalReason, type AgentStanding, type Refusal } from './agents.ts';
import type { Arrival } from './arrival.ts';
import { fileOnce } from './duplicates.ts';
import { settleMail } from './mails-repository.ts';
import type { MailParts } from './message-of-mail.ts';
import type { InboxContext } from './settings.ts';
import type { Thread } from './threading.ts';

interface AgentMail extends Pick<MailParts, 'key' | 'content' | 'attachments' | 'order'> {
  readonly thread: Thread;
  readonly agent: AgentStanding;
}

/** What a verified agent's mail into a ticket asks for; what an agent wrote before the desk took it in was sent to whom it was for. */
export async function orderOf(
  ctx: InboxContext,
  { isArchive }: Arrival,
  { thread, agent, content, isForward }: Pick<AgentMail, 'thread' | 'agent' | 'content'> & { readonly isForward: boolean },
): Promise<AgentOrder | Refusal | undefined> {
  if (agent.state !== 'verified' || thread.joins === undefined || isArchive) return undefined;
  return isForward ? passedOn(content) : readOrder(ctx, agent.user, content);
}

/** Whether a mail is commands and nothing else but the logo of a signature: it makes no message. */
export function isOrderAlone({ order, attachments }: AgentMail): boolean {
  return order?.hasCommands === true && order.text === '' && attachments.every(({ isInline }) => isInline);
}

/** Carries out a mail of commands alone. @throws what the desk refuses them with. */
export async function fileOrder(ctx: InboxContext, arrival: Arrival, { thread, agent, key, order }: AgentMail): Promise<void> {
  const ticketId = thread.joins?.id;
  if (ticketId !== undefined && agent.state === 'verified' && order !== undefined) await carryOut(ctx, order, ticketId, agent.user);
  await fileOnce(ctx, arrival, key, (tx) => settleMail(ctx, tx, arrival.stored, { state: 'processed', kind: 'command', ticketId }));
}

/** Whether an error is what a person would be told on a page: it does not get better by waiting. */
export function isRefused(error: unknown): error is AppError {
  return error instanceof AppError && [403, 404, 422].includes(error.status);
}

/** An answer or an order that is not carried out: the agent gets the text back, and nothing of it is stored as a message or sent. */
export async function refuseOrder(ctx: InboxContext, arrival: Arrival, key: string, refusal: Refusal): Promise<void> {
  await fileOnce(ctx, arrival, key, async (tx) => {
    await noticeRefusal(ctx, tx, arrival, refusal);
    await settleMail(ctx, tx, arrival.stored, { state: 'ignored', kind: arrival.kind.kind, reason: refusalReason(refusal) });
  });
}
