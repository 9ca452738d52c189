export { EventLog } from './event-log.ts';
export { durableJobName, endSubscriptions, replaceSubscriptions, type Subscription } from './subscriptions.ts';
export { eventsAfter, eventsOfTicket, settledEventsAfter } from './events-repository.ts';
export type { EventContext, NewEvent, RecordedEvent } from './types.ts';
