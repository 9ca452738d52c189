import { fold, Forbidden, type JobHandler, type PluginTx, type User } from '@helpdesk/core/plugin';
import { wordsOfAgent } from './agent-words.ts';
import { may, refusalOf, type Refusal } from './agents.ts';
import type { MailContent } from './mail-content.ts';
import { visibleLength } from './quoting-marks.ts';
import type { InboxContext } from './settings.ts';

type Changes = Parameters<InboxContext['tickets']['edit']>[2];

/** What an agent's mail asks for in its first lines, and the text below them (mail.md W2). */
export interface AgentOrder {
  readonly text: string;
  /** Undefined where there was any command, which it would still hold. */
  readonly html: string | undefined;
  /** Content-IDs of the pictures that belong to it; those of what it quotes may be for the team alone. */
  readonly pictures: readonly string[];
  readonly hasCommands: boolean;
  readonly isNote: boolean;
  readonly status?: 'solved' | 'waiting' | undefined;
  readonly assigneeId?: number | undefined;
  readonly addTags: readonly string[];
}

/**
 * Reads `@close @pending @note @assign me|name @tag x` from the lines above an agent's own text; `@fwd` marks a forward and
 * is only removed. A message that is passed on without a word stays inside.
 */
export async function readOrder(ctx: InboxContext, agent: User, content: MailContent): Promise<AgentOrder | Refusal> {
  const words = wordsOfAgent(content);
  if (words === undefined) return { agent, why: 'not-divided' };
  const given = words.text;
  const { commands, text: own } = splitCommands(given);
  const hasCommands = commands.length > 0;
  const isPassedOn = visibleLength(own) === 0 && content.own.forwarded !== '';
  const text = isPassedOn ? content.own.forwarded : own;
  const hasContent = visibleLength(text) > 0 || words.html?.includes('<img') === true || content.files.some(({ isInline }) => !isInline);
  if (!hasCommands && !hasContent) return { agent, why: 'no-words' };
  const html = hasCommands || isPassedOn ? undefined : words.html;
  const pictures = html === undefined ? [] : content.own.pictures;
  let order: AgentOrder = { text, html, pictures, hasCommands, isNote: isPassedOn, addTags: [] };
  for (const { name, value } of commands) {
    if (name === 'close' && value === '') order = { ...order, status: 'solved' };
    else if (name === 'pending' && value === '') order = { ...order, status: 'waiting' };
    else if (name === 'note') order = { ...order, isNote: true, text: value === '' ? order.text : `${value}\n${order.text}`.trim() };
    else if (name === 'tag' && value !== '') order = { ...order, addTags: [...order.addTags, ...value.split(',')] };
    else if (name === 'assign' && value !== '') {
      const assignee = await agentNamed(ctx, agent, value);
      if (assignee === undefined) return { agent, why: 'unknown-agent', what: value, text: given };
      order = { ...order, assigneeId: assignee.id };
    } else if (name !== 'fwd') return { agent, why: 'unknown-command', what: `@${name} ${value}`.trim(), text: given };
  }
  const edits = order.assigneeId !== undefined || order.addTags.length > 0;
  return edits && !may(agent, 'tickets.edit')
    ? refusalOf(agent, new Forbidden('auth.forbidden', { permission: 'tickets.edit' }), given)
    : order;
}

/** What an agent passes on into a ticket is a note, whole (mail.md W1). */
export function passedOn(content: MailContent): AgentOrder {
  const { text, isMarked } = withoutForwardMark(content.text);
  const pictures = content.files.flatMap(({ contentId }) => contentId ?? []);
  return { text, html: isMarked ? undefined : content.html, pictures, hasCommands: false, isNote: true, addTags: [] };
}

/** The text without a first line `@fwd`, and whether there was one. */
export function withoutForwardMark(text: string): { readonly text: string; readonly isMarked: boolean } {
  const rest = text.replace(/^\s{0,20}@fwd[ \t]*(?:\r?\n|$)/i, '');
  return { text: rest, isMarked: rest !== text };
}

function splitCommands(text: string): {
  readonly commands: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
} {
  const lines = text.split(/\r?\n/);
  const commands: { name: string; value: string }[] = [];
  let at = 0;
  for (; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line === '') continue;
    // Several may share a line: "@close @tag billing".
    const parts = line.startsWith('@') ? line.split(/\s+(?=@[a-z])/i) : [];
    if (parts.length === 0) break;
    for (const part of parts) {
      const [, name = '', value = ''] = /^@(\S{0,40})\s*(.*)$/.exec(part) ?? [];
      commands.push({ name: name.toLowerCase(), value: value.trim().slice(0, 200) });
    }
  }
  return { commands, text: lines.slice(at).join('\n').trim() };
}

async function agentNamed(ctx: InboxContext, agent: User, name: string): Promise<User | undefined> {
  const wanted = fold(name);
  if (wanted === 'me') return agent;
  const found = (await ctx.users.agents()).filter((one) =>
    [one.name, one.name.split(' ')[0] ?? '', one.email ?? ''].some((text) => fold(text) === wanted),
  );
  const exact = found.find((one) => fold(one.name) === wanted || fold(one.email ?? '') === wanted);
  // A first name that two agents share names nobody.
  return exact ?? (found.length === 1 ? found[0] : undefined);
}

/** Queues what an order changes beside the message; a job, since editing has its own transaction. */
export async function queueOrder(
  ctx: InboxContext,
  tx: PluginTx,
  order: AgentOrder,
  { ticketId, userId, mailId }: { readonly ticketId: number; readonly userId: number; readonly mailId: number },
): Promise<void> {
  // The status was set together with the message.
  const changes = changesOf({ ...order, status: undefined });
  if (Object.keys(changes).length === 0) return;
  await ctx.jobs.enqueue(tx, { name: 'order', payload: { ticketId, userId, changes }, dedupeKey: `email-inbox.order:${mailId}` });
}

/** The job that carries such an order out; run twice it changes nothing more. */
export function orderJob(ctx: InboxContext): JobHandler {
  return async ({ payload }) => {
    await ctx.tickets.edit(ctx.actor(Number(payload['userId'])), Number(payload['ticketId']), payload['changes'] as Changes);
  };
}

/** Carries out an order that came without an answer; done twice it changes nothing more. @throws what the desk refuses it with. */
export async function carryOut(ctx: InboxContext, order: AgentOrder, ticketId: number, agent: User): Promise<void> {
  const changes = changesOf(order);
  if (Object.keys(changes).length > 0) await ctx.tickets.edit(ctx.actor(agent.id), ticketId, changes);
}

function changesOf({ assigneeId, addTags, status }: AgentOrder): Changes {
  return {
    ...(assigneeId === undefined ? {} : { assigneeId }),
    ...(addTags.length === 0 ? {} : { addTags }),
    ...(status === undefined ? {} : { status }),
  };
}
