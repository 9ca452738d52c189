export { EventLog } from './event-log.ts';
export { durableJobName, endSubscriptions, replaceSubscriptions, type Subscription } from './subscriptions.ts';
export { eventsAfter, eventsOfIds, eventsOfTicket, settledEventsAfter, ticketsChangedAfter, undecidedMs } from './events-repository.ts';
export type { EventContext, NewEvent, RecordedEvent } from './types.ts';
