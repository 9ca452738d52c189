import { sanitizerVersion } from '../html/index.ts';
import { indexMessage } from '../search/index.ts';
import type { Reader, Storage, Tx } from '../storage/index.ts';
import type { Attachment, Folds, Message, MessageAddresses, NewAttachment, Origin } from './types.ts';

interface MessageRow {
  id: number;
  ticket_id: number;
  kind: 'reply' | 'note';
  direction: 'in' | 'out';
  origin: Origin;
  channel: string;
  author_id: number | null;
  text: string;
  html: string | null;
  folds: string;
  addresses: string;
  flags: string;
  message_id: string | null;
  created_at: number;
  deleted_at: number | null;
}

export interface MessageInsert {
  readonly ticketId: number;
  readonly kind: 'reply' | 'note';
  readonly direction: 'in' | 'out';
  readonly origin: Origin;
  readonly channel: string;
  readonly authorId: number | null;
  readonly text: string;
  readonly html: string | null;
  readonly folds: Folds;
  readonly addresses: MessageAddresses;
  readonly flags: readonly string[];
  readonly messageId: string | null;
  readonly messageIdHash: string | null;
  readonly externalKey: string | null;
  readonly createdAt: number;
  readonly attachments: readonly NewAttachment[];
}

export async function insertMessage(tx: Tx, storage: Storage, message: MessageInsert): Promise<Message> {
  const [row]: MessageRow[] = await tx('messages')
    .insert({
      ticket_id: message.ticketId,
      kind: message.kind,
      direction: message.direction,
      origin: message.origin,
      channel: message.channel,
      author_id: message.authorId,
      text: message.text,
      html: message.html,
      sanitizer: sanitizerVersion,
      folds: JSON.stringify(message.folds),
      addresses: JSON.stringify(message.addresses),
      flags: JSON.stringify(message.flags),
      message_id: message.messageId,
      message_id_hash: message.messageIdHash,
      external_key: message.externalKey,
      created_at: message.createdAt,
    })
    .returning('*');
  if (row === undefined) throw new Error('The message row was not returned.');
  if (message.attachments.length > 0) {
    await tx('attachments').insert(
      message.attachments.map(({ fileId, contentId, isInline }, position) => ({
        message_id: row.id,
        file_id: fileId,
        content_id: contentId ?? null,
        is_inline: isInline ?? false,
        position,
      })),
    );
  }
  const fileNames: string[] =
    message.attachments.length === 0
      ? []
      : await tx('files')
          .whereIn(
            'id',
            message.attachments.map(({ fileId }) => fileId),
          )
          .pluck('name');
  await indexMessage(tx, storage.dialect, { id: row.id, ticketId: message.ticketId, text: message.text, fileNames, isNew: true });
  return messageFromRow(row);
}

export async function findMessage(reader: Reader, id: number): Promise<Message | undefined> {
  const row: MessageRow | undefined = await reader('messages').where({ id }).whereNull('deleted_at').first();
  return row === undefined ? undefined : messageFromRow(row);
}

export interface MessagePage {
  readonly kinds?: readonly ('reply' | 'note')[];
  readonly after?: number;
  /** Leaves out replies that can still be undone: customers see what was really sent. */
  readonly withoutHeld?: boolean;
  readonly limit: number;
}

/** Messages of one ticket, oldest first. */
export async function messagesOf(reader: Reader, ticketId: number, page: MessagePage): Promise<readonly Message[]> {
  const query = reader('messages').where({ ticket_id: ticketId }).whereNull('deleted_at').orderBy('id').limit(page.limit);
  if (page.kinds !== undefined) void query.whereIn('kind', page.kinds);
  if (page.after !== undefined) void query.where('id', '>', page.after);
  if (page.withoutHeld === true)
    void query.whereNotExists(
      (held) => void held.from('outbox').whereRaw('outbox.message_ref = messages.id').where('outbox.state', 'held'),
    );
  const rows: MessageRow[] = await query;
  return rows.map(messageFromRow);
}

/** The newest messages of one ticket, oldest first. */
export async function latestMessages(reader: Reader, ticketId: number, limit: number): Promise<readonly Message[]> {
  const rows: MessageRow[] = await reader('messages')
    .where({ ticket_id: ticketId })
    .whereNull('deleted_at')
    .orderBy('id', 'desc')
    .limit(limit);
  return rows.toReversed().map(messageFromRow);
}

/** The newest words of one person in public messages that came in, newest first. */
export async function latestTextsOf(reader: Reader, authorId: number, limit: number): Promise<readonly string[]> {
  return reader('messages')
    .where({ author_id: authorId, direction: 'in', kind: 'reply' })
    .whereNull('deleted_at')
    .orderBy('id', 'desc')
    .limit(limit)
    .pluck('text');
}

export async function attachmentsOf(reader: Reader, messageIds: readonly number[]): Promise<readonly Attachment[]> {
  if (messageIds.length === 0) return [];
  const rows = await reader('attachments')
    .join('files', 'files.id', 'attachments.file_id')
    .whereIn('attachments.message_id', messageIds)
    .orderBy(['attachments.message_id', 'attachments.position'])
    .select('attachments.id', 'message_id', 'file_id', 'content_id', 'is_inline', 'files.name', 'content_type', 'size', 'sha256');
  return rows.map((row) => ({
    id: row.id,
    messageId: row.message_id,
    fileId: row.file_id,
    contentId: row.content_id,
    isInline: Boolean(row.is_inline),
    name: row.name,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256,
  }));
}

/**
 * The ticket and message that a stored Message-ID belongs to, whether it came in or went out. Where the mail was
 * filed once for each of its mailboxes, the ticket of `mailboxId` is meant.
 */
export async function messageOfMailId(
  reader: Reader,
  hashes: readonly string[],
  mailboxId?: number,
): Promise<ReadonlyMap<string, { ticketId: number; messageId: number | null; direction: 'in' | 'out' }>> {
  if (hashes.length === 0) return new Map();
  const found = await reader('messages')
    .join('tickets', 'tickets.id', 'messages.ticket_id')
    .whereIn('messages.message_id_hash', hashes)
    .whereNull('messages.deleted_at')
    .orderBy('messages.id')
    .select('messages.id', 'ticket_id', 'direction', 'message_id_hash', 'mailbox_id');
  const stored = found.toSorted((a, b) => Number(a.mailbox_id === mailboxId) - Number(b.mailbox_id === mailboxId));
  const sent = await reader('outbox')
    .where((named) => void named.whereIn('message_id_hash', hashes).orWhereIn('server_id_hash', hashes))
    .whereNotNull('ticket_id')
    .select('ticket_id', 'message_ref', 'message_id_hash', 'server_id_hash');
  return new Map([
    ...sent.flatMap(({ ticket_id: ticketId, message_ref: messageId, message_id_hash: own, server_id_hash: replaced }) =>
      [own, replaced].flatMap((hash) => (hash === null ? [] : [[hash, { ticketId, messageId, direction: 'out' as const }] as const])),
    ),
    ...stored.map((row) => [row.message_id_hash, { ticketId: row.ticket_id, messageId: row.id, direction: row.direction }] as const),
  ]);
}

function messageFromRow(row: MessageRow): Message {
  return {
    id: row.id,
    ticketId: row.ticket_id,
    kind: row.kind,
    direction: row.direction,
    origin: row.origin,
    channel: row.channel,
    authorId: row.author_id,
    text: row.text,
    html: row.html,
    folds: JSON.parse(row.folds),
    addresses: JSON.parse(row.addresses),
    flags: JSON.parse(row.flags),
    messageId: row.message_id,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
  };
}
