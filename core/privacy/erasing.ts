import type { App } from '../app.ts';
import { AppError, Conflict, Refused } from '../kernel/errors.ts';
import { runAsPlugin } from '../kernel/scope.ts';
import { indexMessage, indexTicket, removeDocument } from '../search/index.ts';
import type { Tx } from '../storage/index.ts';
import type { Actor } from '../users/index.ts';
import { answers, silentPlugins, subjectOf, type Asked } from './asking.ts';

/** What stands where a subject was; a sign, because it is read in every language. */
const blank = '–';

/**
 * Erases what tells who a customer is: name, addresses, the words of their tickets and mails, files,
 * sessions. Tickets, messages and events stay in order and number. Plugins erase in the same
 * transaction, so either all of it is gone or nothing.
 *
 * @throws Forbidden, NotFound, Conflict `privacy.not-a-customer` and `privacy.plugin-off`, Refused `privacy.plugin-failed`.
 */
export async function erasePerson(app: App, actor: Actor, userId: number): Promise<void> {
  const { desk } = app;
  const asked = await subjectOf(app, actor, userId);
  const [silent] = await silentPlugins(app);
  if (silent !== undefined)
    throw new Conflict('privacy.plugin-off', {
      plugin: silent,
      message: `${silent} has data here and is off. Switch it on, or delete its data, and try again.`,
    });
  await desk.storage.writeTx(async (tx) => {
    for (const { plugin, value } of answers(app)) {
      try {
        await runAsPlugin(plugin, async () => value.erase(tx, asked.subject));
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw new Refused(
          'privacy.plugin-failed',
          { plugin, message: `${plugin} could not erase what it stores, so nothing was erased: ${String(cause)}` },
          { cause },
        );
      }
    }
    const hashes = await eraseTickets(app, tx, asked);
    if (hashes.length > 0) await desk.jobs.enqueue(tx, { name: 'files.remove', plugin: null, payload: { hashes } });
    await eraseUser(app, tx, asked);
    await desk.events.record(tx, 'user.erased', { actor, payload: { userId } });
  });
}

async function eraseTickets({ desk }: App, tx: Tx, { subject }: Asked): Promise<readonly string[]> {
  const { userId } = subject;
  const ticketIds = [...subject.ticketIds];
  const { dialect } = desk.storage;
  const messages: { id: number; ticket_id: number }[] = await tx('messages')
    .where((own) => void own.whereIn('ticket_id', ticketIds).orWhere({ author_id: userId }))
    .select('id', 'ticket_id');
  const messageIds = messages.map(({ id }) => id);
  const blobs = await eraseFiles(tx, messageIds);
  await tx('messages').whereIn('id', messageIds).update({ text: '', html: null, folds: '{}', addresses: '{}', message_id: null });
  await tx('outbox')
    .where((own) => void own.whereIn('ticket_id', ticketIds).orWhereIn('message_ref', messageIds))
    .whereIn('state', ['held', 'queued', 'failed', 'uncertain'])
    .update({ state: 'undone' });
  await tx('outbox')
    .where((own) => void own.whereIn('ticket_id', ticketIds).orWhereIn('message_ref', messageIds))
    .update({ subject: blank, text: '', html: null, envelope: '{}', headers: '{}', files: '[]', error: null, response: null });
  await tx('drafts').whereIn('ticket_id', ticketIds).delete();
  await tx('tickets').whereIn('id', ticketIds).update({ subject: blank, preview: '', locale: null });
  for (const { id, ticket_id: ticketId } of messages) await indexMessage(tx, dialect, { id, ticketId, text: '', fileNames: [] });
  const tickets: { id: number; number: number }[] = await tx('tickets').whereIn('id', ticketIds).select('id', 'number');
  for (const { id, number } of tickets)
    await indexTicket(tx, dialect, { id, number, subject: blank, requesterName: '', requesterEmail: null });
  return blobs;
}

/** Forgets the files of some messages and returns what may be deleted from disk. */
async function eraseFiles(tx: Tx, messageIds: readonly number[]): Promise<readonly string[]> {
  const fileIds: number[] = await tx('attachments')
    .whereIn('message_id', [...messageIds])
    .pluck('file_id');
  await tx('attachments')
    .whereIn('message_id', [...messageIds])
    .delete();
  // A forwarded file may belong to a message that stays.
  const held: number[] = await tx('attachments').whereIn('file_id', fileIds).pluck('file_id');
  const loose = fileIds.filter((id) => !held.includes(id));
  const blobs: string[] = await tx('files').whereIn('id', loose).pluck('sha256');
  await tx('files').whereIn('id', loose).delete();
  return [...new Set(blobs)];
}

async function eraseUser({ desk }: App, tx: Tx, { subject }: Asked): Promise<void> {
  const { userId, emails } = subject;
  const now = desk.clock.now();
  const keys = emails.map((email) => email.trim().toLowerCase());
  await tx('users')
    .where({ id: userId })
    .update({
      name: `#${userId}`,
      folded: '',
      organization_id: null,
      locale: null,
      time_zone: null,
      password_hash: null,
      notes: null,
      preferences: '{}',
      is_active: false,
      version: tx.raw('version + 1'),
      updated_at: now,
      deleted_at: now,
    });
  for (const table of [
    'user_emails',
    'sessions',
    'sign_in_tokens',
    'api_tokens',
    'followers',
    'notifications',
    'drafts',
    'idempotency_keys',
  ] as const)
    await tx(table).where({ user_id: userId }).delete();
  await tx('sign_in_tokens')
    .whereIn('email', [...emails, ...keys])
    .delete();
  for (const table of ['mail_budget', 'loop_guard_hits', 'address_reports', 'outbox_recipients'] as const)
    await tx(table).whereIn('address_key', keys).delete();
  await tx('scoped_settings').where({ scope: 'user', scope_id: userId }).delete();
  for (const key of keys)
    await tx('throttles')
      .where('key', 'like', `%:${key.slice(0, 150)}`)
      .delete();
  // Mail that went to them without a ticket, such as sign-in links.
  const systemMail: { id: number; envelope: string }[] = await tx('outbox')
    .whereNull('ticket_id')
    .whereNot({ envelope: '{}' })
    .select('id', 'envelope');
  const theirs = systemMail.filter(({ envelope }) => keys.some((key) => envelope.toLowerCase().includes(key))).map(({ id }) => id);
  await tx('outbox').whereIn('id', theirs).update({ subject: blank, text: '', html: null, envelope: '{}', headers: '{}' });
  await tx('outbox').whereIn('id', theirs).whereIn('state', ['held', 'queued', 'failed', 'uncertain']).update({ state: 'undone' });
  await removeDocument(tx, desk.storage.dialect, { owner: 'core', kind: 'user', ref: userId });
}
