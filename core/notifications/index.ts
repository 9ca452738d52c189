export { notify, notifyingEvents, notifyingHandler, preferenceOf } from './notifying.ts';
export { listNotifications, notificationKinds, unreadNotifications, type Notification, type NotificationKind } from './notifications-repository.ts';
export { markRead } from './reading.ts';
