import type { Desk } from '../desk.ts';
import type { JobRun } from '../jobs/index.ts';
import { composeNotice, hasFlooded } from '../mail/index.ts';
import type { Reader, Tx } from '../storage/index.ts';
import { findMessage, findTicket, followersOf, previewOf, type Message, type Ticket } from '../tickets/index.ts';
import { activeAgents, findUser, findUsers, type User } from '../users/index.ts';
import type { NotificationKind } from './notifications-repository.ts';
import { preferenceOf } from './preferences.ts';
import { tellAdministrators } from './telling-administrators.ts';

/** The events that notify, and the id of their durable handler. */
export const notifyingEvents = [
  'ticket.opened',
  'ticket.assigned',
  'ticket.replied',
  'ticket.noted',
  'mail.failed',
  'mail.alert',
  'mail.stalled',
  'plugin.quarantined',
] as const;
export const notifyingHandler = 'notifications.notify';

interface Occasion {
  readonly kind: NotificationKind;
  readonly ticketId: number;
  readonly messageId: number | null;
  readonly actorId: number | null;
}

/** The durable handler: tells whom an event concerns, each person once per event however often the job runs. */
export async function notify(desk: Desk, job: JobRun): Promise<void> {
  const { eventId, event, payload } = job.payload as { eventId: number; event: string; payload: Readonly<Record<string, unknown>> };
  if (event === 'mail.alert' || event === 'mail.stalled') return tellAlert(desk, job, eventId, payload);
  if (event === 'plugin.quarantined') return tellAdministrators(desk, job);
  const stored = await desk.storage.read('events').where({ id: eventId }).first('actor_id');
  const occasions = occasionsOf(event, payload, stored?.actor_id ?? null);
  if (occasions.length === 0) return;
  const sender = await desk.mail.systemSender();
  await desk.storage.writeTx(async (tx) => {
    for (const occasion of occasions) await tell(desk, tx, eventId, occasion, sender, payload);
    await job.finish(tx);
  });
}

function occasionsOf(event: string, payload: Readonly<Record<string, unknown>>, actorId: number | null): readonly Occasion[] {
  const ticketId = typeof payload['ticketId'] === 'number' ? payload['ticketId'] : undefined;
  if (ticketId === undefined) return [];
  const base = { ticketId, messageId: typeof payload['messageId'] === 'number' ? payload['messageId'] : null, actorId };
  if (event === 'ticket.opened') return [{ ...base, kind: 'new-ticket' }];
  if (event === 'ticket.assigned') return payload['to'] === null ? [] : [{ ...base, kind: 'assigned' }];
  if (event === 'ticket.replied')
    return payload['direction'] === 'in' && payload['origin'] === 'person' ? [{ ...base, kind: 'customer-replied' }] : [];
  if (event === 'ticket.noted') return [{ ...base, kind: 'mentioned' }];
  // A notice about a notice that failed would fail as well, and so on.
  return payload['kind'] === 'reply' ? [{ ...base, kind: 'delivery-failed' }] : [];
}

/** Something about mail: for the one it names, else for everybody who can do something about it. */
async function tellAlert(desk: Desk, job: JobRun, eventId: number, payload: Readonly<Record<string, unknown>>): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const ids = typeof payload['userId'] === 'number' ? [payload['userId']] : await agentIds(tx);
    const users = [...(await findUsers(tx, ids)).values()].filter(
      ({ id, role }) => id === payload['userId'] || role.permissions.some((one) => one === '*' || one === 'settings.manage'),
    );
    for (const user of users) {
      await tx('notifications')
        .insert({ user_id: user.id, kind: payload['alert'], event_id: eventId, created_at: desk.clock.now() })
        .onConflict(['user_id', 'event_id'])
        .ignore();
      tx.afterCommit(() => desk.live.announce([`user:${user.id}`]));
    }
    await job.finish(tx);
  });
}

async function tell(
  desk: Desk,
  tx: Tx,
  eventId: number,
  occasion: Occasion,
  sender: Awaited<ReturnType<Desk['mail']['systemSender']>>,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  const ticket = await findTicket(tx, occasion.ticketId);
  if (ticket === undefined || ticket.deletedAt !== null || ticket.place !== 'desk') return;
  // What a machine opens by the dozen is told of once, by an alert.
  if (occasion.kind === 'new-ticket' && (await hasFlooded(desk, tx, ticket.requesterId))) return;
  const message = occasion.messageId === null ? undefined : await findMessage(tx, occasion.messageId);
  for (const user of await concerned(tx, ticket, occasion, message, payload)) {
    const preference = preferenceOf(user, occasion.kind);
    if (preference.inApp) {
      await tx('notifications')
        .insert({
          user_id: user.id,
          kind: occasion.kind,
          ticket_id: ticket.id,
          message_id: message?.id ?? null,
          actor_id: occasion.actorId,
          event_id: eventId,
          created_at: desk.clock.now(),
        })
        .onConflict(['user_id', 'event_id'])
        .ignore();
    }
    if (preference.byMail && user.email !== null)
      await mailNotice(desk, tx, { user, email: user.email, ticket, message, occasion, sender });
    tx.afterCommit(() => desk.live.announce([`user:${user.id}`]));
  }
}

async function concerned(
  reader: Reader,
  ticket: Ticket,
  { kind, actorId }: Occasion,
  message: Message | undefined,
  payload: Readonly<Record<string, unknown>>,
): Promise<readonly User[]> {
  const ids = new Set<number>();
  if (kind === 'new-ticket' && ticket.assigneeId === null) for (const id of await agentIds(reader)) ids.add(id);
  else if (kind === 'mentioned') for (const id of Array.isArray(payload['mentioned']) ? payload['mentioned'] : []) ids.add(Number(id));
  else if (kind === 'delivery-failed') ids.add(message?.authorId ?? ticket.assigneeId ?? 0);
  else if (ticket.assigneeId !== null) ids.add(ticket.assigneeId);
  if (kind === 'customer-replied') {
    for (const id of await followersOf(reader, ticket.id)) ids.add(id);
    if (ticket.assigneeId === null) for (const id of await agentIds(reader)) ids.add(id);
  }
  // Nobody is told what they did themselves, except that their mail did not arrive.
  if (kind !== 'delivery-failed' && actorId !== null) ids.delete(actorId);
  const users = await findUsers(reader, ids);
  return [...users.values()].filter((user) => user.isActive && user.deletedAt === null && user.role.kind === 'agent');
}

async function agentIds(reader: Reader): Promise<readonly number[]> {
  return activeAgents(reader).limit(500).pluck('users.id');
}

interface Mailing {
  readonly user: User;
  readonly email: string;
  readonly ticket: Ticket;
  readonly message: Message | undefined;
  readonly occasion: Occasion;
  readonly sender: Awaited<ReturnType<Desk['mail']['systemSender']>>;
}

async function mailNotice(desk: Desk, tx: Tx, { user, email, ticket, message, occasion, sender }: Mailing): Promise<void> {
  const translator = desk.translatorFor(user.locale, user.timeZone);
  const actor = occasion.actorId === null ? undefined : await findUser(tx, occasion.actorId);
  const params = {
    number: ticket.number,
    subject: ticket.subject,
    actor: actor?.name ?? '',
    preview: message === undefined ? '' : previewOf(message.text),
  };
  const notice = composeNotice({
    template: 'notification',
    locale: translator.locale,
    subject: translator.t(`mail.notice.${occasion.kind}.subject`, params),
    body: translator.t(`mail.notice.${occasion.kind}.body`, params),
    button: translator.t('mail.notice.button'),
    url: new URL(`/desk/tickets/${ticket.number}`, desk.config.url).href,
    footer: translator.t('mail.notice.footer'),
  });
  await desk.mail.queueAutomatic(tx, { kind: 'notification', to: { name: user.name, email }, ticketId: ticket.id, ...notice }, sender);
}
