import { fold } from '../i18n/index.ts';
import type { Dialect, Tx } from '../storage/index.ts';

export interface SearchDocument {
  /** `core` or the plugin that owns the document. */
  readonly owner: string;
  readonly kind: string;
  /** Id of the thing within its kind. */
  readonly ref: number;
  readonly ticketId?: number | null;
  readonly title: string;
  readonly body: string;
  /** True for a thing that was never indexed: there is nothing to replace. */
  readonly isNew?: boolean;
}

// A tsvector may have 1 MB and a lexeme 2 KB (PostgreSQL, 12.11 Limitations); mail bodies can be larger.
const maxBody = 200_000;
const maxWord = 60;

/** Words as both engines store them: folded, nothing but letters and digits, one space between. */
export function searchWords(text: string): readonly string[] {
  return fold(text.slice(0, maxBody))
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.slice(0, maxWord));
}

/** Adds the document or replaces it, in the transaction that changes the thing: search finds it as soon as the write returned. */
export async function putDocument(tx: Tx, dialect: Dialect, document: SearchDocument): Promise<void> {
  const { owner, kind, ref } = document;
  const row = {
    ticket_id: document.ticketId ?? null,
    title: searchWords(document.title).join(' '),
    body: searchWords(document.body).join(' '),
  };
  const [stored]: { id: number }[] = await tx('search_documents')
    .insert({ owner, kind, ref, ...row })
    .onConflict(['owner', 'kind', 'ref'])
    .merge(row)
    .returning('id');
  if (dialect === 'postgres' || stored === undefined) return;
  if (document.isNew !== true) await tx.raw('delete from search_index where rowid = ?', [stored.id]);
  await tx.raw('insert into search_index (rowid, title, body) values (?, ?, ?)', [stored.id, row.title, row.body]);
}

export async function removeDocument(tx: Tx, dialect: Dialect, document: Pick<SearchDocument, 'owner' | 'kind' | 'ref'>): Promise<void> {
  const stored = await tx('search_documents').where({ owner: document.owner, kind: document.kind, ref: document.ref }).first('id');
  if (stored === undefined) return;
  if (dialect === 'sqlite') await tx.raw('delete from search_index where rowid = ?', [stored.id]);
  await tx('search_documents').where({ id: stored.id }).delete();
}

export function indexUser(tx: Tx, dialect: Dialect, user: { id: number; name: string; emails: readonly string[] }): Promise<void> {
  return putDocument(tx, dialect, { owner: 'core', kind: 'user', ref: user.id, title: user.name, body: user.emails.join(' ') });
}

export function indexTicket(
  tx: Tx,
  dialect: Dialect,
  ticket: { id: number; number: number; subject: string; requesterName: string; requesterEmail: string | null; isNew?: boolean },
): Promise<void> {
  return putDocument(tx, dialect, {
    owner: 'core',
    kind: 'ticket',
    ref: ticket.id,
    ticketId: ticket.id,
    title: `${ticket.number} ${ticket.subject}`,
    body: `${ticket.requesterName} ${ticket.requesterEmail ?? ''}`,
    ...(ticket.isNew === true ? { isNew: true } : {}),
  });
}

export function indexMessage(
  tx: Tx,
  dialect: Dialect,
  message: { id: number; ticketId: number; text: string; fileNames: readonly string[]; isNew?: boolean },
): Promise<void> {
  return putDocument(tx, dialect, {
    owner: 'core',
    kind: 'message',
    ref: message.id,
    ticketId: message.ticketId,
    title: '',
    body: `${message.text}\n${message.fileNames.join(' ')}`,
    ...(message.isNew === true ? { isNew: true } : {}),
  });
}
