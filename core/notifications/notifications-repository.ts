import type { Reader } from '../storage/index.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { Actions } from '../kernel/hook-map.ts';

export interface Notification {
  readonly id: number;
  readonly kind: NotificationKind | AlertKind;
  readonly ticketId: number | null;
  readonly messageId: number | null;
  readonly actorId: number | null;
  /** The plugin a notification without ticket is about. */
  readonly plugin: string | null;
  readonly createdAt: Timestamp;
  readonly readAt: Timestamp | null;
}

export type NotificationKind = 'new-ticket' | 'assigned' | 'customer-replied' | 'mentioned' | 'delivery-failed' | 'plugin-stopped';
/** What nobody chooses: something about mail that this person has to know. */
export type AlertKind = (Actions['mail.alert'] | Actions['mail.stalled'])['alert'];

export const notificationKinds: readonly NotificationKind[] = [
  'new-ticket',
  'assigned',
  'customer-replied',
  'mentioned',
  'delivery-failed',
  'plugin-stopped',
];

/** How many are unread, counted no further than 100: pages print 99+. */
export async function unreadNotifications(reader: Reader, userId: number): Promise<number> {
  const rows = await reader('notifications').where({ user_id: userId }).whereNull('read_at').limit(100).select('id');
  return rows.length;
}

/** Newest first; `before` is the id to go on from. */
export async function listNotifications(
  reader: Reader,
  userId: number,
  page: { before?: number; limit: number },
): Promise<readonly Notification[]> {
  const query = reader('notifications')
    .leftJoin('events', (on) => void on.on('events.id', 'notifications.event_id').andOnNull('notifications.ticket_id'))
    .where({ user_id: userId })
    .orderBy('notifications.id', 'desc')
    .limit(page.limit)
    .select('notifications.*', { event_payload: 'events.payload' });
  if (page.before !== undefined) void query.where('notifications.id', '<', page.before);
  const rows = await query;
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    ticketId: row.ticket_id,
    messageId: row.message_id,
    actorId: row.actor_id,
    plugin: row.event_payload === null ? null : (JSON.parse(row.event_payload).plugin ?? null),
    createdAt: row.created_at,
    readAt: row.read_at,
  }));
}
