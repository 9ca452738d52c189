import type { Knex } from 'knex';
import { listOf, type Reader } from '../storage/index.ts';
import { activeAgents, userIdOf, type Actor } from '../users/index.ts';

export interface PersonRow {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
}

/** People by ids that SQL finds, or a list of ids. */
export function peopleQuery(reader: Reader, narrow: (query: Knex.QueryBuilder) => void) {
  const query = reader('users').leftJoin('user_emails as address', (join) => {
    join.on('address.user_id', 'users.id').andOnVal('address.is_primary', true);
  });
  narrow(query);
  return listOf<PersonRow>(query, { id: 'users.id', name: 'users.name', email: 'address.email' });
}

const maxAgents = 200;
const maxTags = 200;

/** What menus of the desk offer: agents, tags, mailboxes. */
export function choiceLists(reader: Reader) {
  const agents = activeAgents(reader).orderBy('users.name').limit(maxAgents);
  return {
    agents: listOf<{ id: number; name: string }>(agents, { id: 'users.id', name: 'users.name' }),
    knownTags: listOf<{ name: string }>(reader('tags').orderBy('name').limit(maxTags), { name: 'name' }),
    mailboxes: listOf<{ id: number; name: string; address: string; aliases: string; signature: string; transport: string | null }>(
      reader('mailboxes').whereNull('deleted_at').orderBy('id'),
      {
        id: 'id',
        name: 'name',
        address: 'address',
        aliases: 'aliases',
        signature: 'signature',
        transport: 'transport',
      },
    ),
  };
}

/** What the sidebar of views shows. */
export function navigationLists(reader: Reader, actor: Actor) {
  const views = reader('views')
    .where((own) => own.whereNull('user_id').orWhere({ user_id: userIdOf(actor) ?? 0 }))
    .orderBy(['position', 'id']);
  return {
    views: listOf<{ id: number; key: string; names: string; filter: string; userId: number | null; isBuiltin: number | boolean }>(views, {
      id: 'id',
      key: 'key',
      names: 'names',
      filter: 'filter',
      userId: 'user_id',
      isBuiltin: 'is_builtin',
    }),
    counts: listOf<{ mailboxId: number; assigneeId: number; bucket: string; tickets: number }>(
      reader('ticket_counts').where('tickets', '>', 0),
      { mailboxId: 'mailbox_id', assigneeId: 'assignee_id', bucket: 'bucket', tickets: 'tickets' },
    ),
  };
}

/** What the rows of a list show beside the tickets themselves. */
export function rowLists(reader: Reader, actor: Actor, ids: readonly number[], peopleIds: readonly number[]) {
  const userId = userIdOf(actor) ?? 0;
  const files = reader('attachments')
    .join('messages', 'messages.id', 'attachments.message_id')
    .whereIn('messages.ticket_id', ids)
    .whereNull('messages.deleted_at')
    .where('attachments.is_inline', false)
    .groupBy('messages.ticket_id');
  return {
    rowPeople: peopleQuery(reader, (query) => void query.whereIn('users.id', peopleIds)),
    rowTags: listOf<{ ticketId: number; name: string }>(
      reader('ticket_tags').join('tags', 'tags.id', 'ticket_tags.tag_id').whereIn('ticket_id', ids).orderBy('tags.name'),
      { ticketId: 'ticket_id', name: 'tags.name' },
    ),
    rowDrafts: listOf<{ ticketId: number }>(reader('drafts').whereIn('ticket_id', ids).where({ user_id: userId }), {
      ticketId: 'ticket_id',
    }),
    rowUnread: listOf<{ ticketId: number }>(
      reader('notifications').whereIn('ticket_id', ids).where({ user_id: userId }).whereNull('read_at'),
      { ticketId: 'ticket_id' },
    ),
    rowFiles: listOf<{ ticketId: number }>(files, { ticketId: 'messages.ticket_id' }),
  };
}
