import type { App } from '../app.ts';
import { runAsPlugin } from '../kernel/scope.ts';
import type { Actor } from '../users/index.ts';
import { answers, silentPlugins, subjectOf } from './asking.ts';

export interface ExportedFile {
  /** Path in the folder, with forward slashes. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Everything the desk and its plugins store about a customer, as a folder of JSON files and the files
 * they sent or were sent. Internal notes are the desk's own and stay out.
 *
 * @throws Forbidden, NotFound, Conflict `privacy.not-a-customer`.
 */
export async function exportPerson(app: App, actor: Actor, userId: number): Promise<readonly ExportedFile[]> {
  const { desk } = app;
  const { read } = desk.storage;
  const { user, subject } = await subjectOf(app, actor, userId);
  const ids = [...subject.ticketIds];
  const [emails, tickets, messages, sessions, events] = await Promise.all([
    read('user_emails').where({ user_id: userId }).select('email', 'is_primary', 'confirmed_at', 'created_at'),
    read('tickets')
      .whereIn('id', ids)
      .orderBy('id')
      .select('number', 'subject', 'category', 'priority', 'channel', 'created_at', 'closed_at'),
    read('messages')
      .where((own) => void own.whereIn('ticket_id', ids).orWhere({ author_id: userId }))
      .where({ kind: 'reply' })
      .orderBy('id')
      .select('id', 'ticket_id', 'direction', 'author_id', 'text', 'html', 'addresses', 'created_at'),
    read('sessions').where({ user_id: userId }).select('ip', 'user_agent', 'created_at', 'last_seen_at'),
    read('events')
      .where({ actor_kind: 'user', actor_id: userId })
      .orderBy('id')
      .select('id', 'name', 'occurred_at', 'ticket_id', 'payload'),
  ]);
  const numbers = new Map<number, number>(
    (await read('tickets').select('id', 'number').whereIn('id', ids)).map((row) => [row.id, row.number]),
  );
  const files: { id: number; name: string; sha256: string; message_id: number }[] = await read('attachments')
    .join('files', 'files.id', 'attachments.file_id')
    .whereIn(
      'attachments.message_id',
      messages.map(({ id }) => id),
    )
    .orderBy('files.id')
    .select('files.id', 'files.name', 'files.sha256', 'attachments.message_id');
  const exported: ExportedFile[] = [
    json('person.json', {
      id: user.id,
      name: user.name,
      emails: emails.map((row) => ({ ...row, is_primary: Boolean(row.is_primary) })),
      locale: user.locale,
      timeZone: user.timeZone,
      notes: user.notes,
      sessions,
    }),
    json('tickets.json', tickets),
    json(
      'messages.json',
      messages.map(({ ticket_id: ticketId, author_id: authorId, addresses, ...message }) => ({
        ...message,
        ticket: numbers.get(ticketId) ?? null,
        byThePerson: authorId === userId,
        addresses: JSON.parse(addresses) as unknown,
        files: files.filter((file) => file.message_id === message.id).map(({ id, name }) => `files/${id}-${name}`),
      })),
    ),
    json(
      'events.json',
      events.map(({ payload, ...event }) => ({ ...event, payload: JSON.parse(payload) as unknown })),
    ),
  ];
  for (const { id, name, sha256 } of files) exported.push({ name: `files/${id}-${name}`, content: await desk.files.read(sha256) });
  for (const { plugin, value } of answers(app))
    exported.push(json(`plugins/${plugin}.json`, await runAsPlugin(plugin, async () => value.export(subject))));
  const silent = await silentPlugins(app);
  if (silent.length > 0) exported.push(json('not-asked.json', { plugins: silent, reason: 'They are switched off and have data here.' }));
  await desk.storage.writeTx(async (tx) => void (await desk.events.record(tx, 'user.exported', { actor, payload: { userId } })));
  return exported;
}

function json(name: string, value: unknown): ExportedFile {
  return { name, content: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) };
}
