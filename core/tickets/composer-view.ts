import { randomUUID } from 'node:crypto';
import type { Context } from '../http/request-state.ts';
import { presentPerson, statusChoices, type PersonRow } from '../inbox/index.ts';
import type { AddressState } from '../mail/index.ts';
import type { AttachmentView, FormErrorsView, Sentence } from '../ui/types.ts';
import { mayNote, mayReply } from './tickets-policy.ts';
import type { DraftRow } from './ticket-page-query.ts';
import type { Message, Status, Ticket } from './types.ts';
import type { CollisionView, ComposerPartView, ComposerView, RecipientView } from './views.ts';

/** What was typed into a form that was refused; the page shows it again. */
export interface Typed {
  readonly kind: 'reply' | 'note';
  readonly body: string;
  readonly format: 'text' | 'html';
  readonly cc: string;
  readonly isUnquoted: boolean;
  readonly files: readonly AttachmentView[];
  readonly idempotencyKey: string;
  readonly lastSeenMessageId: string;
}

export interface ComposerFacts {
  readonly ticket: Ticket;
  readonly messages: readonly Message[];
  readonly drafts: readonly DraftRow[];
  readonly draftFiles: ReadonlyMap<number, AttachmentView>;
  readonly people: ReadonlyMap<number, PersonRow>;
  readonly statuses: readonly Status[];
  readonly from: { readonly name: string; readonly address: string } | undefined;
  readonly mailboxSignature: string | undefined;
  /** Whether replies of the mailbox carry earlier messages. */
  readonly quotesHistory: boolean;
  /** What is known of addresses that had trouble, by address in lower case. */
  readonly addressStates: ReadonlyMap<string, AddressState>;
  readonly agents: readonly { readonly id: number; readonly name: string }[];
  readonly mode: 'reply' | 'note' | undefined;
  readonly typed?: Typed | undefined;
  readonly conflict?: CollisionView | undefined;
  readonly errors?: FormErrorsView | undefined;
}

/** The two forms below a ticket, with what the agent was writing. */
export function presentComposer(ctx: Context, facts: ComposerFacts): ComposerView | undefined {
  const { actor } = ctx.state;
  const { ticket, typed } = facts;
  if (actor === undefined || ticket.place === 'trash') return undefined;
  const can = { reply: mayReply(actor), note: mayNote(actor) };
  if (!can.reply && !can.note) return undefined;
  const draft = facts.drafts.find(({ kind, userId }) => kind === 'reply' && userId === actor.userId);
  const mode = typed?.kind ?? facts.mode ?? (can.reply ? 'reply' : 'note');
  const requester = presentPerson(facts.people, ticket.requesterId);
  const to = addresseeOf(facts, requester);
  const cc = ccOf(facts, draft);
  return {
    number: ticket.number,
    mode,
    open: typed !== undefined || facts.mode !== undefined,
    lastSeenMessageId: typed?.lastSeenMessageId ?? String(ticket.lastMessageId ?? 0),
    customerName: requester.name,
    ...(facts.from === undefined ? {} : { from: facts.from }),
    to: to === undefined ? [] : [to],
    cc,
    doubtful: doubtfulOf([...(to === undefined ? [] : [to]), ...cc], facts.addressStates),
    ...(facts.mailboxSignature === undefined || facts.mailboxSignature === '' ? {} : { signature: facts.mailboxSignature }),
    ...(facts.quotesHistory && facts.messages.some(({ kind }) => kind === 'reply')
      ? { quoting: { isOff: typed?.kind === 'reply' ? typed.isUnquoted : fieldsOf(draft)['unquoted'] === '1' } }
      : {}),
    reply: presentPart(ctx, facts, 'reply'),
    note: presentPart(ctx, facts, 'note'),
    colleagues: facts.agents.filter(({ id }) => id !== actor.userId).map(({ id, name }) => ({ id: String(id), name })),
    sendAnd: statusChoices(facts.statuses, ctx.state.locale).filter(({ category, key }) => category !== ticket.category && key !== ''),
    can,
    ...(facts.conflict === undefined ? {} : { conflict: facts.conflict }),
    ...(facts.errors === undefined ? {} : { errors: facts.errors }),
  };
}

/** Addresses to warn of before writing there: their mailbox does not exist, or their owner called our mail junk. */
function doubtfulOf(recipients: readonly RecipientView[], states: ComposerFacts['addressStates']): readonly Sentence[] {
  return recipients.flatMap(({ address }) => {
    const state = states.get(address.toLowerCase());
    if (state?.isDoubtful !== true) return [];
    return [{ key: state.complainedAt === null ? 'composer.bounced' : 'composer.complained', params: { address } }];
  });
}

// Whoever wrote last for the customer may have another address than the one on file.
function addresseeOf(
  { messages, ticket }: ComposerFacts,
  requester: { readonly name: string; readonly email?: string | undefined },
): RecipientView | undefined {
  const last = messages.findLast((one) => one.kind === 'reply' && one.direction === 'in' && one.authorId === ticket.requesterId);
  const address = last?.addresses.replyTo ?? last?.addresses.from;
  if (address !== undefined) return { address: address.email, name: address.name ?? requester.name };
  return requester.email === undefined || requester.email === '' ? undefined : { address: requester.email, name: requester.name };
}

function ccOf({ messages, typed }: ComposerFacts, draft: DraftRow | undefined): readonly RecipientView[] {
  const written = typed?.kind === 'reply' ? typed.cc : draft === undefined ? undefined : (fieldsOf(draft)['cc'] ?? '');
  const known = new Set(
    messages.flatMap(({ addresses }) =>
      [addresses.from, addresses.replyTo, ...(addresses.to ?? []), ...(addresses.cc ?? [])].map((one) => one?.email.toLowerCase()),
    ),
  );
  if (written !== undefined)
    return written
      .split(/[,;\s]+/)
      .filter((one) => one !== '')
      .map((address) => ({ address, firstTime: !known.has(address.toLowerCase()) }));
  // An answer goes to everybody the last public message went to.
  const last = messages.findLast((one) => one.kind === 'reply');
  return (last?.addresses.cc ?? []).map(({ name, email }) => ({ name, address: email }));
}

function fieldsOf(draft: DraftRow | undefined): Readonly<Record<string, string>> {
  return draft === undefined ? {} : JSON.parse(draft.fields);
}

function presentPart(ctx: Context, facts: ComposerFacts, kind: 'reply' | 'note'): ComposerPartView {
  const { typed, drafts, people } = facts;
  const userId = ctx.state.actor?.userId;
  if (typed?.kind === kind)
    return { idempotencyKey: typed.idempotencyKey, body: typed.body, format: typed.format, attachments: typed.files };
  const own = drafts.find((draft) => draft.kind === kind && draft.userId === userId);
  const other = drafts.find((draft) => draft.kind === kind && draft.userId !== userId && draft.text + draft.html !== '');
  const signature = ctx.state.user?.preferences.signature ?? '';
  const fresh = kind === 'reply' && signature !== '' ? `\n\n${signature}` : '';
  const files = own === undefined ? [] : (JSON.parse(own.files) as readonly number[]);
  return {
    idempotencyKey: randomUUID(),
    body: own === undefined ? fresh : own.html === '' ? own.text : own.html,
    format: own !== undefined && own.html !== '' ? 'html' : 'text',
    attachments: files.flatMap((id) => facts.draftFiles.get(id) ?? []),
    ...(own !== undefined
      ? { draft: { savedAt: own.updatedAt } }
      : other === undefined
        ? {}
        : { draft: { savedAt: other.updatedAt, by: presentPerson(people, other.userId) } }),
  };
}
