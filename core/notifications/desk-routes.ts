import type { App } from '../app.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, idFrom, peopleById, peopleQuery, presentPerson, renderDesk, see } from '../inbox/index.ts';
import { listOf, readLists } from '../storage/index.ts';
import { ticketsFor } from '../tickets/index.ts';
import type { Sentence } from '../ui/types.ts';
import { listNotifications, type AlertKind, type NotificationKind } from './notifications-repository.ts';
import { markRead } from './reading.ts';
import type { NotificationListView } from './views.ts';

const perPage = 50;
const shown: Readonly<Record<NotificationKind, { readonly icon: string; readonly text: Sentence }>> = {
  'new-ticket': { icon: 'mail-open', text: { key: 'notification.opened' } },
  assigned: { icon: 'user-check', text: { key: 'notification.assigned' } },
  'customer-replied': { icon: 'reply', text: { key: 'notification.replied' } },
  mentioned: { icon: 'at-sign', text: { key: 'notification.mentioned' } },
  'delivery-failed': { icon: 'circle-alert', text: { key: 'notification.failed' } },
  'plugin-stopped': { icon: 'plug-zap', text: { key: 'notification.plugin-stopped' } },
};
const alerts: Readonly<Record<AlertKind, { readonly icon: string; readonly text: Sentence; readonly href: string }>> = {
  'loop-guard': { icon: 'circle-alert', text: { key: 'notification.loop-guard' }, href: '/admin/health' },
  flood: { icon: 'circle-alert', text: { key: 'notification.flood' }, href: '/desk/inbox/open' },
  'notices-off': { icon: 'circle-alert', text: { key: 'notification.notices-off' }, href: '/desk/profile' },
  'signed-out': { icon: 'circle-alert', text: { key: 'notification.signed-out' }, href: '/admin/mailboxes' },
  'not-receiving': { icon: 'circle-alert', text: { key: 'notification.not-receiving' }, href: '/admin/health' },
  'not-sending': { icon: 'circle-alert', text: { key: 'notification.not-sending' }, href: '/admin/health' },
  unfiled: { icon: 'circle-alert', text: { key: 'notification.unfiled' }, href: '/admin/health' },
};

function isAlert(kind: NotificationKind | AlertKind): kind is AlertKind {
  return kind in alerts;
}

/** What an agent was told of. */
export function notificationRoutes(app: App): Middleware {
  const { desk } = app;

  async function show(ctx: Context): Promise<void> {
    const { actor } = agent(ctx);
    const { read } = desk.storage;
    const before = idFrom(ctx.URL.searchParams.get('before') ?? undefined);
    const found = await listNotifications(read, actor.userId, { limit: perPage + 1, ...(before === undefined ? {} : { before }) });
    const items = found.slice(0, perPage);
    const facts = await readLists(desk.storage, {
      tickets: listOf<{ id: number; number: number; subject: string }>(
        ticketsFor(read, actor).whereIn(
          'tickets.id',
          items.map(({ ticketId }) => ticketId ?? 0),
        ),
        { id: 'tickets.id', number: 'tickets.number', subject: 'tickets.subject' },
      ),
      people: peopleQuery(
        read,
        (users) =>
          void users.whereIn(
            'users.id',
            items.map(({ actorId }) => actorId ?? 0),
          ),
      ),
    });
    const people = peopleById(facts.people);
    const view: NotificationListView = {
      unread: items.filter(({ readAt }) => readAt === null).length,
      items: items.map((item) => {
        if (isAlert(item.kind)) return { id: String(item.id), ...alerts[item.kind], at: item.createdAt, unread: item.readAt === null };
        const { icon, text } = shown[item.kind];
        const ticket = facts.tickets.find(({ id }) => id === item.ticketId);
        const isMachine = item.actorId === null || !people.has(item.actorId);
        return {
          id: String(item.id),
          icon,
          ...(item.actorId === null || isMachine ? {} : { actor: presentPerson(people, item.actorId) }),
          text: isMachine && item.kind !== 'delivery-failed' && item.kind !== 'plugin-stopped' ? { key: `${text.key}.nobody` } : text,
          ...(ticket === undefined ? {} : { subject: `#${ticket.number} ${ticket.subject}` }),
          ...(item.plugin === null ? {} : { subject: item.plugin }),
          href:
            ticket === undefined
              ? item.plugin === null
                ? '/desk/notifications'
                : `/admin/plugins/${item.plugin}`
              : `/desk/tickets/${ticket.number}${item.messageId === null ? '' : `#message-${item.messageId}`}`,
          at: item.createdAt,
          unread: item.readAt === null,
        };
      }),
      paging: {
        ...(before === undefined ? {} : { newerUrl: '/desk/notifications' }),
        ...(found.length > perPage ? { olderUrl: `/desk/notifications?before=${items.at(-1)?.id ?? 0}` } : {}),
      },
    };
    await renderDesk(app, ctx, { template: 'notifications/list', title: { key: 'notifications.title' }, view, place: 'notifications' });
  }

  return new Router()
    .get('/desk/notifications', show)
    .post('/desk/notifications/read', async (ctx) => {
      await markRead(desk, agent(ctx).actor, 'all');
      see(ctx, '/desk/notifications');
    })
    .middleware();
}
