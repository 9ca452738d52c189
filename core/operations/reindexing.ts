import type { Desk } from '../desk.ts';
import { indexMessage, indexTicket, indexUser } from '../search/index.ts';
import type { Tx } from '../storage/index.ts';
import { findUsers } from '../users/index.ts';

const batch = 200;

/** Writes every document of core again and brings the index of SQLite in line with the documents. Returns how many. */
export async function reindex(desk: Desk, onProgress: (done: number) => void = () => undefined): Promise<number> {
  const { storage } = desk;
  let done = 0;
  const pages = async (rowsAfter: (tx: Tx, after: number) => Promise<readonly number[]>): Promise<void> => {
    for (let after: number | undefined = 0; after !== undefined;) {
      const from: number = after;
      const ids: readonly number[] = await storage.writeTx((tx) => rowsAfter(tx, from));
      done += ids.length;
      onProgress(done);
      after = ids.length < batch ? undefined : ids.at(-1);
    }
  };
  await removeLeftovers(desk);
  await pages(async (tx, after) => {
    const rows: readonly { id: number; number: number; subject: string; requester_id: number }[] = await tx('tickets')
      .where('id', '>', after)
      .orderBy('id')
      .limit(batch)
      .select('id', 'number', 'subject', 'requester_id');
    const people = await findUsers(
      tx,
      rows.map((row) => row.requester_id),
    );
    for (const row of rows) {
      const requester = people.get(row.requester_id);
      await indexTicket(tx, storage.dialect, {
        id: row.id,
        number: row.number,
        subject: row.subject,
        requesterName: requester?.name ?? '',
        requesterEmail: requester?.email ?? null,
      });
    }
    return rows.map(({ id }) => id);
  });
  await pages(async (tx, after) => {
    const rows: readonly { id: number; ticket_id: number; text: string }[] = await tx('messages')
      .where('id', '>', after)
      .whereNull('deleted_at')
      .orderBy('id')
      .limit(batch)
      .select('id', 'ticket_id', 'text');
    const names = await fileNames(
      tx,
      rows.map(({ id }) => id),
    );
    for (const { id, ticket_id: ticketId, text } of rows)
      await indexMessage(tx, storage.dialect, { id, ticketId, text, fileNames: names.get(id) ?? [] });
    return rows.map(({ id }) => id);
  });
  await pages(async (tx, after) => {
    const rows: readonly { id: number; name: string }[] = await tx('users')
      .where('id', '>', after)
      .whereNull('deleted_at')
      .orderBy('id')
      .limit(batch)
      .select('id', 'name');
    const emails: readonly { user_id: number; email: string }[] = await tx('user_emails')
      .whereIn(
        'user_id',
        rows.map(({ id }) => id),
      )
      .orderBy('id')
      .select('user_id', 'email');
    for (const { id, name } of rows)
      await indexUser(tx, storage.dialect, { id, name, emails: emails.filter((one) => one.user_id === id).map(({ email }) => email) });
    return rows.map(({ id }) => id);
  });
  if (storage.dialect === 'sqlite') await storage.writeTx(repairIndex);
  return done;
}

async function removeLeftovers({ storage }: Desk): Promise<void> {
  await storage.writeTx((tx) =>
    tx('search_documents')
      .where({ owner: 'core', kind: 'message' })
      .whereNotExists((message) => message.from('messages').whereRaw('messages.id = search_documents.ref').whereNull('messages.deleted_at'))
      .delete(),
  );
}

async function fileNames(tx: Tx, messageIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
  const rows: readonly { message_id: number; name: string }[] = await tx('attachments')
    .join('files', 'files.id', 'attachments.file_id')
    .whereIn('message_id', messageIds)
    .orderBy('files.id')
    .select('message_id', 'files.name');
  const names = new Map<number, string[]>();
  for (const row of rows) names.set(row.message_id, [...(names.get(row.message_id) ?? []), row.name]);
  return names;
}

// Documents of plugins keep their words, so the index can be mended without asking the plugins.
async function repairIndex(tx: Tx): Promise<void> {
  await tx.raw(
    'delete from search_index where rowid in (select size.id from search_index_docsize as size left join search_documents as document on document.id = size.id where document.id is null)',
  );
  await tx.raw(
    'insert into search_index (rowid, title, body) select id, title, body from search_documents where id not in (select id from search_index_docsize)',
  );
}
