export { filterKeys, parseFilter, printFilter, type Condition } from './filter.ts';
export { listTickets, type ListRequest, type Sort, type TicketList } from './listing.ts';
export { listViews, removeView, saveView, viewCounts, type View } from './views-repository.ts';
