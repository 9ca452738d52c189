import type { Desk } from '../../desk.ts';
import { searchWords } from '../../search/index.ts';
import type { Tx } from '../../storage/index.ts';
import { bucketOf, previewOf, type Place, type Priority, type Status } from '../../tickets/index.ts';

export interface SampleMessage {
  readonly kind: 'reply' | 'note';
  readonly direction: 'in' | 'out';
  readonly authorId: number;
  readonly text: string;
  readonly at: number;
  readonly file?: { readonly id: number; readonly name: string };
}

export interface SampleTicket {
  readonly subject: string;
  readonly requester: { readonly id: number; readonly name: string; readonly email: string; readonly organizationId: number | null };
  readonly status: Status;
  readonly place: Place;
  readonly priority: Priority;
  readonly channel: string;
  readonly assigneeId: number | null;
  readonly locale: string;
  readonly snoozedUntil: number | null;
  readonly tagIds: readonly number[];
  /** The first is what the customer wrote; never empty. */
  readonly messages: readonly SampleMessage[];
}

interface Written {
  readonly ticketId: number;
  readonly number: number;
  readonly ticket: SampleTicket;
  readonly messageIds: readonly number[];
}

/**
 * Writes whole tickets, a few hundred at a time: rows, counters, search documents and events as the use
 * cases would leave them. No hook runs and no job is queued, since nobody waits for samples.
 */
export async function writeSamples(tx: Tx, desk: Desk, tickets: readonly SampleTicket[]): Promise<void> {
  const [numbers]: { next: number }[] = await tx('ticket_numbers')
    .where({ id: 1 })
    .update({ next: tx.raw('next + ?', [tickets.length]) })
    .returning('next');
  const first = (numbers?.next ?? 0) - tickets.length;
  const ticketIds = await insertAll(
    tx,
    'tickets',
    tickets.map((ticket, index) => ticketRow(ticket, first + index)),
  );
  const messages = tickets.flatMap((ticket, index) =>
    ticket.messages.map((message) => ({ message, ticket, ticketId: ticketIds[index] ?? 0 })),
  );
  const messageIds = await insertAll(
    tx,
    'messages',
    messages.map(({ message, ticket, ticketId }) => messageRow(message, ticket, ticketId)),
  );
  let taken = 0;
  const written = tickets.map((ticket, index): Written => {
    const ids = messageIds.slice(taken, taken + ticket.messages.length);
    taken += ids.length;
    return { ticketId: ticketIds[index] ?? 0, number: first + index, ticket, messageIds: ids };
  });
  await tx.raw(
    `update tickets set last_message_id = (select max(id) from messages where messages.ticket_id = tickets.id) where id >= ? and id <= ?`,
    [ticketIds.at(0) ?? 0, ticketIds.at(-1) ?? 0],
  );
  await insertAll(tx, 'attachments', written.flatMap(attachmentRows));
  await insertAll(
    tx,
    'ticket_tags',
    written.flatMap(({ ticketId, ticket }) => ticket.tagIds.map((tagId) => ({ ticket_id: ticketId, tag_id: tagId }))),
  );
  await countTickets(tx, tickets);
  await indexAll(tx, desk, written);
  await insertAll(
    tx,
    'events',
    written.flatMap(eventRows).toSorted((a, b) => a.occurred_at - b.occurred_at),
  );
}

function ticketRow(ticket: SampleTicket, number: number) {
  const replies = ticket.messages.filter(({ kind }) => kind === 'reply');
  const opened = ticket.messages[0]?.at ?? 0;
  const last = replies.at(-1) ?? ticket.messages[0];
  const lastAt = ticket.messages.at(-1)?.at ?? opened;
  const isDone = ticket.status.category === 'solved' || ticket.status.category === 'closed';
  return {
    number,
    subject: ticket.subject,
    status_id: ticket.status.id,
    category: ticket.status.category,
    place: ticket.place,
    priority: ticket.priority,
    channel: ticket.channel,
    requester_id: ticket.requester.id,
    organization_id: ticket.requester.organizationId,
    assignee_id: ticket.assigneeId,
    locale: ticket.locale,
    preview: previewOf(last?.text ?? ''),
    message_count: ticket.messages.length,
    last_direction: last?.direction ?? 'in',
    last_message_at: last?.at ?? opened,
    snoozed_until: ticket.snoozedUntil,
    solved_at: isDone ? lastAt : null,
    closed_at: ticket.status.category === 'closed' ? lastAt : null,
    version: ticket.messages.length,
    created_at: opened,
    updated_at: lastAt,
  };
}

function messageRow(message: SampleMessage, ticket: SampleTicket, ticketId: number) {
  const { kind, direction, authorId, text, at } = message;
  return {
    ticket_id: ticketId,
    kind,
    direction,
    origin: 'person',
    channel: direction === 'in' ? ticket.channel : 'web',
    author_id: authorId,
    text,
    created_at: at,
  };
}

function attachmentRows({ ticket, messageIds }: Written) {
  return ticket.messages.flatMap(({ file }, index) =>
    file === undefined ? [] : [{ message_id: messageIds[index] ?? 0, file_id: file.id, is_inline: false, position: 0 }],
  );
}

function eventRows({ ticketId, ticket, messageIds }: Written) {
  const event = (at: number, name: string, userId: number, payload: object) => ({
    occurred_at: at,
    name,
    actor_kind: 'user',
    actor_id: userId,
    ticket_id: ticketId,
    payload: JSON.stringify(payload),
  });
  const [opened, ...later] = ticket.messages;
  const last = ticket.messages.at(-1);
  if (opened === undefined || last === undefined) return [];
  const agentId = ticket.assigneeId ?? later.find(({ direction }) => direction === 'out')?.authorId;
  return [
    event(opened.at, 'ticket.opened', opened.authorId, {
      ticketId,
      messageId: messageIds[0],
      channel: ticket.channel,
      mayAcknowledge: false,
    }),
    ...(ticket.assigneeId === null
      ? []
      : [event(opened.at + 60_000, 'ticket.assigned', ticket.assigneeId, { ticketId, from: null, to: ticket.assigneeId })]),
    ...later.map(({ kind, direction, authorId, at }, index) =>
      kind === 'note'
        ? event(at, 'ticket.noted', authorId, { ticketId, messageId: messageIds[index + 1], mentioned: [] })
        : event(at, 'ticket.replied', authorId, { ticketId, messageId: messageIds[index + 1], direction, origin: 'person' }),
    ),
    ...(ticket.status.category === 'open' || agentId === undefined
      ? []
      : [
          event(last.at, 'ticket.status-changed', agentId, {
            ticketId,
            from: 'open',
            to: ticket.status.key,
            category: ticket.status.category,
          }),
        ]),
  ];
}

async function countTickets(tx: Tx, tickets: readonly SampleTicket[]): Promise<void> {
  const counts = new Map<string, { assignee_id: number; bucket: string; tickets: number }>();
  for (const { assigneeId, status, place, snoozedUntil } of tickets) {
    const bucket = bucketOf({
      place,
      category: status.category,
      snoozed_until: snoozedUntil,
      merged_into_id: null,
      mailbox_id: null,
      assignee_id: assigneeId,
    });
    const key = `${assigneeId ?? 0} ${bucket}`;
    counts.set(key, { assignee_id: assigneeId ?? 0, bucket, tickets: (counts.get(key)?.tickets ?? 0) + 1 });
  }
  for (const row of counts.values()) {
    await tx('ticket_counts')
      .insert({ mailbox_id: 0, ...row })
      .onConflict(['mailbox_id', 'assignee_id', 'bucket'])
      .merge({ tickets: tx.raw('ticket_counts.tickets + ?', [row.tickets]) });
  }
}

async function indexAll(tx: Tx, { storage }: Desk, written: readonly Written[]): Promise<void> {
  const words = (text: string): string => searchWords(text).join(' ');
  const documents = written.flatMap(({ ticketId, number, ticket, messageIds }) => [
    {
      owner: 'core',
      kind: 'ticket',
      ref: ticketId,
      ticket_id: ticketId,
      title: words(`${number} ${ticket.subject}`),
      body: words(`${ticket.requester.name} ${ticket.requester.email}`),
    },
    ...ticket.messages.map(({ text, file }, index) => ({
      owner: 'core',
      kind: 'message',
      ref: messageIds[index] ?? 0,
      ticket_id: ticketId,
      title: '',
      body: words(`${text}\n${file?.name ?? ''}`),
    })),
  ]);
  const ids = await insertAll(tx, 'search_documents', documents);
  if (storage.dialect === 'postgres') return;
  await tx.raw('insert into search_index (rowid, title, body) select id, title, body from search_documents where id >= ? and id <= ?', [
    ids.at(0) ?? 0,
    ids.at(-1) ?? 0,
  ]);
}

// SQLite allows 500 terms in one statement, which is what Knex makes of many rows.
const rowsAtOnce = 400;

async function insertAll(tx: Tx, table: string, rows: readonly object[]): Promise<readonly number[]> {
  const hasId = table !== 'ticket_tags';
  const ids: number[] = [];
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const inserting = tx(table).insert(rows.slice(from, from + rowsAtOnce));
    if (!hasId) await inserting;
    else ids.push(...(await inserting.returning('id')).map(({ id }: { id: number }) => id));
  }
  return ids;
}
