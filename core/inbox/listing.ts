import type { Knex } from 'knex';
import type { Desk } from '../desk.ts';
import { fold } from '../i18n/index.ts';
import { Invalid } from '../kernel/errors.ts';
import { matchDocuments, type Match } from '../search/index.ts';
import { ticketFromRow, ticketsFor, type Ticket, type TicketRow } from '../tickets/index.ts';
import { emailKey, isAgent, isEmailAddress, userIdOf, type Actor } from '../users/index.ts';
import { parseFilter, type Condition } from './filter.ts';

export type Sort = 'newest' | 'oldest';

export interface ListRequest {
  /** In the filter language; see `parseFilter`. */
  readonly filter: string;
  readonly sort?: Sort | undefined;
  readonly limit: number;
  /** From the `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface TicketList {
  readonly items: readonly Ticket[];
  readonly next: string | null;
}

const matchLimit = 500;

/**
 * One page of tickets that the actor may see and the filter wants, by last message. Pages follow
 * each other by key, so the hundredth costs as much as the first.
 *
 * @throws Invalid `inbox.unknown-filter`, `inbox.bad-value`, `api.bad-cursor`.
 */
export async function listTickets(desk: Desk, actor: Actor, request: ListRequest): Promise<TicketList> {
  const conditions = parseFilter(request.filter);
  const query = ticketsFor(desk.storage.read, actor);
  await narrow(desk, actor, query, conditions);
  const isAscending = request.sort === 'oldest';
  const direction = isAscending ? 'asc' : 'desc';
  if (request.cursor !== undefined) {
    const [at, id] = readCursor(request.cursor);
    void query.whereRaw(`(tickets.last_message_at, tickets.id) ${isAscending ? '>' : '<'} (?, ?)`, [at, id]);
  }
  const rows: TicketRow[] = await query
    .orderBy([
      { column: 'tickets.last_message_at', order: direction },
      { column: 'tickets.id', order: direction },
    ])
    .limit(request.limit + 1)
    .select('tickets.*');
  const items = rows.slice(0, request.limit).map(ticketFromRow);
  const last = items.at(-1);
  return {
    items,
    next: rows.length > request.limit && last !== undefined ? `${last.lastMessageAt.toString(36)}.${last.id.toString(36)}` : null,
  };
}

/** @throws Invalid `api.bad-cursor`. */
function readCursor(cursor: string): readonly [number, number] {
  const [at, id] = cursor.split('.').map((part) => Number.parseInt(part, 36));
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(id)) throw new Invalid('api.bad-cursor', { cursor });
  return [at ?? 0, id ?? 0];
}

async function narrow(desk: Desk, actor: Actor, query: Knex.QueryBuilder, conditions: readonly Condition[]): Promise<void> {
  const text = conditions.filter(({ key }) => key === 'text').map(({ value }) => value);
  if (text.length > 0) {
    const matches = await matchDocuments(desk.storage.read, desk.storage.dialect, text.join(' '), {
      kinds: ['ticket', 'message'],
      limit: matchLimit,
      ...(isAgent(actor) ? {} : { within: ticketsFor(desk.storage.read, actor).select('tickets.id') }),
    });
    const seen = isAgent(actor) ? matches : await withoutNotes(desk, matches);
    void query.whereIn('tickets.id', [...new Set(seen.flatMap(({ ticketId }) => (ticketId === null ? [] : [ticketId])))]);
  }
  // Spam and trash are places of their own: a list shows them only when asked.
  if (!conditions.some(({ key, value }) => key === 'in' || (key === 'is' && value === 'any'))) void query.where('tickets.place', 'desk');
  for (const condition of conditions) if (condition.key !== 'text') apply(desk, actor, query, condition);
}

// A customer who could find words of notes could guess them one by one.
async function withoutNotes(desk: Desk, matches: readonly Match[]): Promise<readonly Match[]> {
  const messages = matches.filter(({ kind }) => kind === 'message').map(({ ref }) => ref);
  const replies = new Set<number>(await desk.storage.read('messages').whereIn('id', messages).where({ kind: 'reply' }).pluck('id'));
  return matches.filter(({ kind, ref }) => kind !== 'message' || replies.has(ref));
}

function apply(desk: Desk, actor: Actor, query: Knex.QueryBuilder, { key, value, isNegated }: Condition): void {
  const where = (build: (inner: Knex.QueryBuilder) => void): void => void (isNegated ? query.whereNot(build) : query.where(build));
  if (key === 'is') return where((inner) => isCondition(desk, actor, inner, value));
  if (key === 'in') return where((inner) => void inner.where('tickets.place', oneOf(key, value, ['desk', 'spam', 'trash'])));
  if (key === 'priority')
    return where((inner) => void inner.where('tickets.priority', oneOf(key, value, ['low', 'normal', 'high', 'urgent'])));
  if (key === 'channel') return where((inner) => void inner.where('tickets.channel', value));
  if (key === 'mailbox') {
    const mailboxId = idOf(key, value);
    const shared = desk.storage.read('ticket_mailboxes').where({ mailbox_id: mailboxId }).select('ticket_id');
    return where((inner) => void inner.where('tickets.mailbox_id', mailboxId).orWhereIn('tickets.id', shared));
  }
  if (key === 'organization') return where((inner) => void inner.where('tickets.organization_id', idOf(key, value)));
  if (key === 'status')
    return where(
      (inner) => void inner.whereIn('tickets.status_id', desk.storage.read('ticket_statuses').where({ key: value }).select('id')),
    );
  if (key === 'tag') {
    const tagged = desk.storage
      .read('ticket_tags')
      .join('tags', 'tags.id', 'ticket_tags.tag_id')
      .where('tags.name_key', fold(value))
      .select('ticket_id');
    return where((inner) => void inner.whereIn('tickets.id', tagged));
  }
  if (key === 'created' || key === 'updated') return where((inner) => timeCondition(desk, inner, key, value));
  if (key === 'follower') {
    const followed = desk.storage
      .read('followers')
      .where({ user_id: personOf(actor, key, value) ?? 0 })
      .select('ticket_id');
    return where((inner) => void inner.whereIn('tickets.id', followed));
  }
  if (key === 'requester' && isEmailAddress(value)) {
    return where(
      (inner) =>
        void inner.whereIn(
          'tickets.requester_id',
          desk.storage
            .read('user_emails')
            .where({ email_key: emailKey(value) })
            .select('user_id'),
        ),
    );
  }
  const person = personOf(actor, key, value);
  const column = key === 'requester' ? 'tickets.requester_id' : 'tickets.assignee_id';
  return where((inner) => void (person === null ? inner.whereNull(column) : inner.where(column, person)));
}

function isCondition(desk: Desk, actor: Actor, query: Knex.QueryBuilder, value: string): void {
  const wanted = oneOf('is', value, [
    'open',
    'waiting',
    'solved',
    'closed',
    'snoozed',
    'unassigned',
    'answered',
    'unanswered',
    'mentioned',
    'drafted',
    'written',
    'any',
  ]);
  if (wanted === 'any') return;
  const { read } = desk.storage;
  const me = userIdOf(actor) ?? 0;
  if (wanted === 'mentioned')
    void query.whereIn(
      'tickets.id',
      read('notifications').where({ user_id: me, kind: 'mentioned' }).whereNotNull('ticket_id').select('ticket_id'),
    );
  else if (wanted === 'drafted') void query.whereIn('tickets.id', read('drafts').where({ user_id: me }).select('ticket_id'));
  else if (wanted === 'written')
    void query.whereIn(
      'tickets.id',
      read('messages').where({ author_id: me, kind: 'reply', direction: 'out' }).whereNull('deleted_at').select('ticket_id'),
    );
  else if (wanted === 'snoozed') void query.whereNotNull('tickets.snoozed_until').whereIn('tickets.category', ['open', 'waiting']);
  else if (wanted === 'unassigned') void query.whereNull('tickets.assignee_id');
  else if (wanted === 'answered') void query.where('tickets.last_direction', 'out');
  else if (wanted === 'unanswered') void query.where('tickets.last_direction', 'in');
  else {
    void query.where('tickets.category', wanted);
    if (wanted === 'open' || wanted === 'waiting') void query.whereNull('tickets.snoozed_until');
  }
}

// `created:>7d` is within seven days, `created:<7d` older; a date compares with its beginning in UTC.
function timeCondition(desk: Desk, query: Knex.QueryBuilder, key: 'created' | 'updated', value: string): void {
  const [, comparison, amount, unit, date] = /^([<>])(?:(\d{1,5})([hdw])|(\d{4}-\d{2}-\d{2}))$/.exec(value) ?? [];
  const unitMs = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }[unit ?? ''] ?? 0;
  const at = date === undefined ? desk.clock.now() - Number(amount) * unitMs : Date.parse(`${date}T00:00:00Z`);
  if (comparison === undefined || Number.isNaN(at)) throw new Invalid('inbox.bad-value', { filter: key, value });
  void query.where(key === 'created' ? 'tickets.created_at' : 'tickets.last_message_at', comparison, at);
}

function oneOf<const T extends string>(key: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new Invalid('inbox.bad-value', { filter: key, value, known: known.join(', ') });
  return found;
}

function idOf(key: string, value: string): number {
  const id = Number(value);
  if (!Number.isSafeInteger(id)) throw new Invalid('inbox.bad-value', { filter: key, value });
  return id;
}

function personOf(actor: Actor, key: string, value: string): number | null {
  if (value === 'me') return userIdOf(actor) ?? 0;
  return value === 'none' ? null : idOf(key, value);
}
