export { notify, notifyingEvents, notifyingHandler } from './notifying.ts';
export { notificationKinds, unreadNotifications, type Notification, type NotificationKind } from './notifications-repository.ts';
export { preferenceOf } from './preferences.ts';
export { markRead } from './reading.ts';
