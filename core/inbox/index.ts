export { parseFilter, type Condition } from './filter.ts';
export { listTickets, type ListRequest, type Sort, type TicketList } from './listing.ts';
export { type View } from './views-repository.ts';
export { agent, idFrom, leaveTo, presentStatus, renderDesk, see, statusChoices, text, type DeskPage } from './desk-page.ts';
export { choiceLists, navigationLists, peopleQuery, type PersonRow } from './desk-facts-query.ts';
export { besideQuery, listAddress, listBeside, type ListAddress } from './inbox-page.ts';
export { listUrl, peopleById, presentPerson, presentPresence } from './list-presenter.ts';
export { presentNavigation } from './navigation.ts';
