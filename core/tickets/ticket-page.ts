import type { App } from '../app.ts';
import { filesQuery } from '../files/index.ts';
import { formErrors, statusOfError } from '../http/form-errors.ts';
import type { Context } from '../http/request-state.ts';
import {
  agent,
  besideQuery,
  choiceLists,
  idFrom,
  listAddress,
  listBeside,
  listUrl,
  navigationLists,
  peopleById,
  peopleQuery,
  presentNavigation,
  presentPresence,
  renderDesk,
  type ListAddress,
} from '../inbox/index.ts';
import { fillPlaceholders } from '../kernel/placeholders.ts';
import { addressReports, mailValues, senderOf, statesOfReports } from '../mail/index.ts';
import { markRead } from '../notifications/index.ts';
import { readLists } from '../storage/index.ts';
import { presentComposer, type Typed } from './composer-view.ts';
import { presentFiles } from './form-files.ts';
import { imagePermissions, imageScopes } from './image-permissions.ts';
import { latestMessages } from './messages-repository.ts';
import { presentHead, presentSidebar } from './presenter.ts';
import { namedOnTicket, ticketLists } from './ticket-page-query.ts';
import { presentMessage, presentTimeline } from './timeline.ts';
import type { Message, Ticket } from './types.ts';
import type { CollisionView, TicketPageView } from './views.ts';
import { seeTicketByNumber } from './visible-tickets.ts';

const shownMessages = 100;
const mostMessages = 2000;

/** What a refused form brings back to the page. */
export interface Refused {
  readonly typed?: Typed | undefined;
  readonly error?: unknown;
  /** Set when something newer arrived: the message the writer had seen last. */
  readonly newerThan?: number | undefined;
}

/** The ticket of the address. @throws NotFound also when it exists and the agent may not see it. */
export function ticketOf({ desk }: App, ctx: Context): Promise<Ticket> {
  const { actor } = agent(ctx, 'tickets.view');
  return seeTicketByNumber(desk, actor, Number(ctx.params['number']));
}

/** The address of a ticket, beside the list that the reader came from. */
export function ticketPath(ctx: Context, number: number): string {
  const beside = besideOf(ctx);
  return `/desk/tickets/${number}${beside === undefined ? '' : besideQuery(beside)}`;
}

/** The list beside the ticket: named by the address, else by the page that the form stood on. */
export function besideOf(ctx: Context): ListAddress | undefined {
  const own = ctx.URL.searchParams;
  const params = own.has('view') ? own : paramsOf(ctx.get('Referer'));
  const key = params.get('view');
  return key === null || !/^[\w-]{1,60}$/.test(key) ? undefined : listAddress(key, params);
}

function paramsOf(address: string): URLSearchParams {
  return URL.canParse(address) && new URL(address).pathname.startsWith('/desk/tickets/')
    ? new URL(address).searchParams
    : new URLSearchParams();
}

/** Renders a ticket with everything around it, in at most eight queries however long it is. */
export async function showTicket(app: App, ctx: Context, refused: Refused = {}): Promise<void> {
  const { desk } = app;
  const { actor, user } = agent(ctx, 'tickets.view');
  const { read } = desk.storage;
  const ticket = await ticketOf(app, ctx);
  const limit = Math.min(mostMessages, idFrom(ctx.URL.searchParams.get('messages') ?? undefined) ?? shownMessages);
  const [facts, messages, statuses] = await Promise.all([
    readLists(desk.storage, {
      ...ticketLists(read, actor, ticket),
      ...navigationLists(read, actor),
      ...choiceLists(read),
      named: peopleQuery(read, namedOnTicket(read, ticket)),
    }),
    latestMessages(read, ticket.id, limit),
    desk.statuses.list(),
  ]);
  const beside = ctx.URL.searchParams.has('view') || refused.typed !== undefined ? besideOf(ctx) : undefined;
  const list = beside === undefined ? undefined : await listBeside(app, ctx, beside, facts, ticket);
  const people = peopleById([
    ...facts.named,
    ...facts.agents.map(({ id, name }) => ({ id, name, email: null })).filter(({ id }) => !facts.named.some((one) => one.id === id)),
  ]);
  const shown = await readLists(desk.storage, {
    reports: addressReports(read, addressesOf(messages, facts.emails)),
    permissions: imagePermissions(
      read,
      actor.userId,
      messages.flatMap(({ authorId, html }) => (authorId === null || html?.includes('<img') !== true ? [] : [authorId])),
    ),
    draftFiles: filesQuery(
      read,
      facts.drafts.flatMap(({ files }) => JSON.parse(files) as readonly number[]),
    ),
  });
  const unread = new Set(facts.unread.flatMap(({ messageId }) => messageId ?? []));
  const now = desk.clock.now();
  const timeline = {
    messages,
    events: facts.events,
    attachments: facts.attachments,
    deliveries: facts.deliveries,
    recipients: facts.recipients,
    people,
    statuses,
    unread,
    imagesOf: idFrom(ctx.URL.searchParams.get('images') ?? undefined),
    imageAuthors: imageScopes(shown.permissions),
  };
  const whole = { ...facts, ticket, people, statuses };
  const errors = refused.error === undefined || refused.newerThan !== undefined ? undefined : formErrors(refused.error);
  const mailbox = facts.mailboxes.find(({ id }) => id === ticket.mailboxId);
  const email = facts.emails.find(({ isPrimary }) => Boolean(isPrimary))?.email ?? null;
  const customer = { name: facts.customer[0]?.name ?? '', email };
  const composer = presentComposer(ctx, {
    ticket,
    messages,
    drafts: facts.drafts,
    draftFiles: new Map(shown.draftFiles.flatMap((file) => presentFiles([file]).map((view) => [file.id, view] as const))),
    people,
    statuses,
    from: mailbox === undefined ? undefined : fromOf(mailbox, ticket, messages),
    mailboxSignature:
      mailbox === undefined ? undefined : fillPlaceholders(mailbox.signature, mailValues({ ticket, customer, agent: user, mailbox })),
    quotesHistory: (await desk.mail.quoteHistory(ticket.mailboxId)) !== 'none',
    addressStates: statesOfReports(shown.reports, now),
    agents: facts.agents,
    mode: modeOf(ctx),
    typed: refused.typed,
    conflict: conflictOf(ctx, timeline, refused),
    errors: refused.typed === undefined ? undefined : errors,
  });
  const view: TicketPageView = {
    ...(list === undefined ? {} : { list: list.view }),
    backUrl:
      beside === undefined
        ? '/desk/inbox/mine'
        : listUrl(beside.key, { q: beside.query, sort: beside.sort === 'oldest' ? 'oldest' : undefined, after: beside.cursor }),
    ...(list?.previous === undefined ? {} : { previousUrl: list.previous }),
    ...(list?.next === undefined ? {} : { nextUrl: list.next }),
    ticket: presentHead(ctx, whole, now, refused.typed === undefined ? errors?.list[0]?.text : undefined),
    timeline: presentTimeline(ctx, timeline),
    ...(messages.length === limit && ticket.messageCount > limit && limit < mostMessages
      ? { earlierUrl: `?${withParam(ctx, 'messages', String(limit * 4))}` }
      : {}),
    presence: presentPresence(desk, ticket.number, actor.userId),
    ...(composer === undefined ? {} : { composer }),
    sidebar: presentSidebar(ctx, whole, now),
  };
  await renderDesk(app, ctx, {
    template: 'tickets/ticket',
    title: `${ticket.subject} #${ticket.number}`,
    view,
    place: 'inbox',
    nav: presentNavigation(facts, actor, ctx.state.locale, beside?.key),
    slots: {
      names: ['ticket.header', 'ticket.actions', 'ticket.sidebar', 'ticket.properties', 'ticket.message', 'composer.tools'],
      input: { ticketId: ticket.id, requesterId: ticket.requesterId, messageIds: messages.map(({ id }) => id) },
    },
  });
  if (refused.error !== undefined) ctx.status = statusOfError(refused.error);
  if (facts.unread.length > 0) await markRead(desk, actor, { ticketId: ticket.id });
}

/** The address that a reply comes from: the one the customer wrote to. */
function fromOf(
  mailbox: { readonly name: string; readonly address: string; readonly aliases: string },
  { requesterId }: Ticket,
  messages: readonly Message[],
): { readonly name: string; readonly address: string } {
  const last = messages.findLast(({ direction, authorId }) => direction === 'in' && authorId === requesterId);
  const { email } = senderOf({ ...mailbox, aliases: JSON.parse(mailbox.aliases) }, last?.addresses.to);
  return { name: mailbox.name, address: email };
}

function modeOf(ctx: Context): 'reply' | 'note' | undefined {
  return (['reply', 'note'] as const).find((mode) => mode === ctx.URL.searchParams.get('compose'));
}

function withParam(ctx: Context, name: string, value: string): string {
  const params = new URLSearchParams(ctx.querystring);
  params.set(name, value);
  return params.toString();
}

function conflictOf(ctx: Context, timeline: Parameters<typeof presentTimeline>[1], { newerThan }: Refused): CollisionView | undefined {
  if (newerThan === undefined) return undefined;
  const newer = timeline.messages.filter(({ id }) => id > newerThan);
  return {
    newer: newer.map((message) => presentMessage(ctx, timeline, message, false)),
    newestMessageId: String(newer.at(-1)?.id ?? newerThan),
  };
}

/** Everybody an answer may go to. */
function addressesOf(messages: readonly Message[], emails: readonly { readonly email: string }[]): readonly string[] {
  const written = messages.flatMap(({ addresses: { from, replyTo, cc = [] } }) => [from, replyTo, ...cc]);
  return [...emails, ...written].flatMap((one) => one?.email ?? []);
}
