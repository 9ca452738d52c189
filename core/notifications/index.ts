export { notify, notifyingEvents, notifyingHandler, preferenceOf } from './notifying.ts';
export { notificationKinds, unreadNotifications, type Notification, type NotificationKind } from './notifications-repository.ts';
export { markRead } from './reading.ts';
