import type { Context } from '../http/request-state.ts';
import type { Timestamp } from '../kernel/clock.ts';
import { presentPerson, type PersonRow } from '../inbox/index.ts';
import type { PersonView, Sentence } from '../ui/types.ts';
import { presentAttachments } from './attachment-view.ts';
import { presentBody } from './message-body.ts';
import { previewOf } from './message-content.ts';
import type { AttachmentRow, DeliveryRow, RecipientRow, EventRow } from './ticket-page-query.ts';
import type { MailAddress, Message, Status } from './types.ts';
import { imageAuthor, type ImageScope } from './image-permissions.ts';
import type { DeliveryState, DeliveryView, EventView, MessageBodyView, MessageView, TimelineItemView } from './views.ts';

export interface TimelineFacts {
  readonly messages: readonly Message[];
  readonly events: readonly EventRow[];
  readonly attachments: readonly AttachmentRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly recipients: readonly RecipientRow[];
  readonly people: ReadonlyMap<number, PersonRow>;
  readonly statuses: readonly Status[];
  /** Messages that the reader was told of and has not seen. */
  readonly unread: ReadonlySet<number>;
  /** The message whose images from outside the reader asked for. */
  readonly imagesOf?: number | undefined;
  /** Authors whose images are always shown. */
  readonly imageAuthors?: ReadonlyMap<number, ImageScope> | undefined;
}

const openAtEnd = 2;
const sameMoment = 600_000;

/** Messages, notes and what happened between them, oldest first; what is old and read is folded to one line. */
export function presentTimeline(ctx: Context, facts: TimelineFacts): readonly TimelineItemView[] {
  const since = facts.messages[0]?.createdAt ?? 0;
  const messages = facts.messages.map((message, index): MessageView =>
    presentMessage(ctx, facts, message, index < facts.messages.length - openAtEnd && !facts.unread.has(message.id)),
  );
  const events = facts.events
    .toSorted((a, b) => a.id - b.id)
    .filter(({ occurredAt }) => occurredAt >= since)
    .flatMap((event): EventView[] => presentEvent(ctx, facts, event));
  const items = [...messages, ...events].toSorted((a, b) => a.at - b.at || Number(b.isMessage) - Number(a.isMessage));
  return joinEvents(items);
}

/** Every event of the ticket that has a sentence, oldest first. */
export function presentHistory(ctx: Context, facts: Pick<TimelineFacts, 'events' | 'people' | 'statuses'>): readonly EventView[] {
  return facts.events.toSorted((a, b) => a.id - b.id).flatMap((event) => presentEvent(ctx, facts, event, true));
}

export function presentMessage(
  ctx: Context,
  facts: Omit<TimelineFacts, 'messages' | 'events'>,
  message: Message,
  isFolded: boolean,
): MessageView {
  const delivery = facts.deliveries.findLast(({ messageId, state }) => messageId === message.id && state !== 'undone');
  const isNote = message.kind === 'note';
  const body = presentBody(message, { translator: ctx.state.translator });
  const showsImages = facts.imagesOf === message.id;
  return {
    kind: isNote ? 'note' : 'message',
    isMessage: true,
    id: String(message.id),
    direction: message.direction,
    author: authorOf(ctx, facts.people, message),
    to: isNote ? [] : (message.addresses.to ?? []).map(presentAddress),
    cc: isNote ? [] : (message.addresses.cc ?? []).map(presentAddress),
    ...(message.addresses.from === undefined ? {} : { fromAddress: message.addresses.from.email }),
    channel: message.channel,
    at: message.createdAt,
    unread: facts.unread.has(message.id),
    folded: isFolded && delivery?.state !== 'failed' && delivery?.state !== 'uncertain' && !showsImages,
    preview: previewOf(message.text),
    body: {
      ...body,
      ...(showsImages && body.frameUrl !== undefined ? { frameUrl: `${body.frameUrl}?images=1` } : {}),
      ...(body.remoteImages === undefined || showsImages ? {} : presentImages(message, facts.imageAuthors)),
    },
    attachments: presentAttachments(
      facts.attachments.filter(({ messageId }) => messageId === message.id).map((one) => ({ ...one, isInline: Boolean(one.isInline) })),
    ),
    ...(delivery === undefined || isNote ? {} : { delivery: presentDelivery(delivery, facts.recipients) }),
    ...(message.origin === 'person' ? {} : { automatic: { key: `ticket.automatic.${message.origin}` } }),
    warnings: message.flags.map((flag) => `flag.${flag}`).flatMap((key) => (ctx.state.translator.has(key) ? [{ key }] : [])),
    deleted: message.deletedAt !== null,
  };
}

function presentImages(message: Message, authors: TimelineFacts['imageAuthors']): Pick<MessageBodyView, 'hiddenImages' | 'shownImages'> {
  const url = `/desk/messages/${message.id}/images`;
  const author = imageAuthor(message);
  const scope = author === null ? undefined : authors?.get(author);
  if (scope !== undefined) return { shownImages: { url, scope } };
  return {
    hiddenImages: { onceUrl: `?images=${message.id}#message-${message.id}`, ...(author === null ? {} : { alwaysUrl: url }) },
  };
}

function authorOf(ctx: Context, people: ReadonlyMap<number, PersonRow>, message: Message): PersonView {
  const { from } = message.addresses;
  if (message.authorId !== null && people.has(message.authorId)) return presentPerson(people, message.authorId);
  if (from !== undefined) return presentAddress(from);
  return { id: '0', name: ctx.state.translator.t('event.system') };
}

function presentAddress({ name, email }: MailAddress): PersonView {
  return { id: email, name: name === undefined || name === '' ? email : name, email };
}

function presentDelivery(delivery: DeliveryRow, recipients: readonly RecipientRow[]): DeliveryView {
  const { id, state, sendAfter, sentAt, attempts, doubts, error } = delivery;
  // After a second doubt nothing is tried by itself: a person decides.
  const isWaiting = (state === 'queued' && attempts > 0) || (state === 'uncertain' && doubts < 2);
  const troubled = recipients.filter(({ outboxId }) => outboxId === id);
  return {
    state: deliveryState(state),
    ...(sentAt === null ? {} : { at: sentAt }),
    ...(state === 'held' ? { heldUntil: sendAfter } : {}),
    attempts,
    ...(isWaiting ? { nextAttemptAt: sendAfter } : {}),
    ...(error === null ? {} : { error }),
    recipients: troubled.map(({ address, state: own, reason }) => ({
      text: { key: `delivery.recipient.${own}`, params: { address } },
      ...(reason === null ? {} : { reason }),
    })),
  };
}

function deliveryState(state: string): DeliveryState {
  return (['held', 'queued', 'sending', 'sent', 'failed', 'uncertain'] as const).find((one) => one === state) ?? 'queued';
}

// Neighbours of one person within ten minutes are one line.
function joinEvents(items: readonly TimelineItemView[]): readonly TimelineItemView[] {
  const joined: TimelineItemView[] = [];
  for (const item of items) {
    const last = joined.at(-1);
    if (!item.isMessage && last !== undefined && !last.isMessage && last.actor?.id === item.actor?.id && item.at - last.at < sameMoment) {
      joined[joined.length - 1] = { ...last, lines: [...last.lines, ...item.lines] };
    } else joined.push(item);
  }
  return joined;
}

function presentEvent(
  ctx: Context,
  { people, statuses }: Pick<TimelineFacts, 'people' | 'statuses'>,
  event: EventRow,
  isHistory = false,
): EventView[] {
  const payload = JSON.parse(event.payload) as Readonly<Record<string, unknown>>;
  const { translator, locale } = ctx.state;
  const statusName = (key: unknown): string => {
    const status = statuses.find((one) => one.key === key);
    return status?.names[locale] ?? status?.names['en'] ?? String(key);
  };
  const nameOf = (id: unknown): string => people.get(Number(id))?.name ?? '–';
  const found = sentencesOf(
    event,
    payload,
    {
      statusName,
      nameOf,
      date: (at) => translator.date(at, 'long'),
      list: (words) => translator.list(words),
      priority: (key) => translator.t(`priority.${key}`),
    },
    isHistory,
  );
  if (found === undefined || found.lines.length === 0) return [];
  const actor: PersonView =
    event.actorId === null ? { id: '0', name: event.plugin ?? translator.t('event.system') } : presentPerson(people, event.actorId);
  return [{ kind: 'event', isMessage: false, id: `event-${event.id}`, icon: found.icon, actor, lines: found.lines, at: event.occurredAt }];
}

interface Words {
  statusName(key: unknown): string;
  nameOf(id: unknown): string;
  date(at: Timestamp): string;
  list(words: readonly string[]): string;
  priority(key: string): string;
}

function sentencesOf(
  event: EventRow,
  payload: Readonly<Record<string, unknown>>,
  words: Words,
  isHistory: boolean,
): { readonly icon: string; readonly lines: readonly Sentence[] } | undefined {
  const say = (key: string, params?: Sentence['params']): Sentence =>
    params === undefined ? { key: `event.${key}` } : { key: `event.${key}`, params };
  switch (event.name) {
    case 'ticket.assigned':
      if (payload['to'] === null) return { icon: 'user-x', lines: [say('unassigned')] };
      return {
        icon: 'user-check',
        lines: [payload['to'] === event.actorId ? say('assigned-self') : say('assigned', { assignee: words.nameOf(payload['to']) })],
      };
    case 'ticket.status-changed':
      return { icon: 'circle-dot', lines: [say('status', { status: words.statusName(payload['to']) })] };
    case 'ticket.changed':
      return { icon: 'pencil', lines: changeSentences(payload['changes'], words) };
    case 'ticket.snoozed':
      return {
        icon: 'alarm-clock',
        lines: [typeof payload['until'] === 'number' ? say('snoozed', { until: words.date(payload['until']) }) : say('woken')],
      };
    case 'ticket.moved':
      return {
        icon: payload['to'] === 'desk' ? 'inbox' : 'trash-2',
        lines: [say(payload['to'] === 'desk' ? 'restored' : payload['to'] === 'spam' ? 'spam' : 'trashed')],
      };
    case 'ticket.merged':
      return { icon: 'merge', lines: [say('merged-here')] };
    case 'ticket.split':
      return { icon: 'split', lines: [say('split')] };
    case 'ticket.linked':
      return { icon: 'link', lines: [say(payload['isLinked'] === true ? 'linked' : 'unlinked')] };
    case 'ticket.reply-undone':
      return { icon: 'undo-2', lines: [say('undone')] };
    case 'mail.reported':
      return { icon: 'mail-check', lines: [say(`mail-${String(payload['kind'])}`)] };
    case 'ticket.opened':
      return isHistory ? { icon: 'mail-open', lines: [say('opened')] } : undefined;
    case 'ticket.replied':
      return isHistory ? { icon: 'reply', lines: [say('replied')] } : undefined;
    case 'ticket.noted':
      return isHistory ? { icon: 'lock', lines: [say('noted')] } : undefined;
    default:
      return undefined;
  }
}

function changeSentences(changes: unknown, words: Words): readonly Sentence[] {
  const changed = (changes ?? {}) as Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
  const lines: Sentence[] = [];
  if (changed['subject'] !== undefined) lines.push({ key: 'event.renamed' });
  if (changed['priority'] !== undefined)
    lines.push({ key: 'event.priority', params: { priority: words.priority(String(changed['priority'].to)) } });
  if (changed['mailbox'] !== undefined) lines.push({ key: 'event.mailbox' });
  const [before, after] = [tagsIn(changed['tags']?.from), tagsIn(changed['tags']?.to)];
  const added = after.filter((tag) => !before.includes(tag));
  const removed = before.filter((tag) => !after.includes(tag));
  if (added.length > 0) lines.push({ key: 'event.tag-added', params: { tags: words.list(added) } });
  if (removed.length > 0) lines.push({ key: 'event.tag-removed', params: { tags: words.list(removed) } });
  return lines;
}

function tagsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
