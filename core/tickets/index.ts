export { assign } from './assigning.ts';
export { presentAttachments } from './attachment-view.ts';
export { presentBody } from './message-body.ts';
export { cleanTag } from './tagging.ts';
export { changeStatus } from './changing-status.ts';
export { draftsOf, saveDraft, type Draft, type DraftInput } from './drafting.ts';
export { editTicket, type TicketChanges } from './editing.ts';
export { writeLink } from './linking.ts';
export { mergeTickets } from './merging.ts';
export { previewOf } from './message-content.ts';
export { attachmentsOf, findMessage, latestMessages, latestTextsOf, messageOfMailId, messagesOf } from './messages-repository.ts';
export { moveTicket } from './moving.ts';
export { openTicket, prepareOpening, type Opening } from './opening.ts';
export { prepareReply, reply, type Replying, type ReplyInput } from './replying.ts';
export { sanitizeStored, type MailOriginals } from './resanitizing.ts';
export { shareTicket } from './sharing.ts';
export { snooze, wake } from './snoozing.ts';
export { splitMessage, type SplitOptions } from './splitting.ts';
export { Statuses } from './statuses.ts';
export { mayChangeStatus, mayDelete, mayEdit } from './tickets-policy.ts';
export {
  bucketOf,
  findTicket,
  followersOf,
  tagsOf,
  ticketCounts,
  ticketFromRow,
  ticketIdOfNumber,
  ticketNumbers,
  type Bucket,
  type TicketCount,
  type TicketRow,
} from './tickets-repository.ts';
export { ticketsActions, ticketsDecisions, ticketsFilters } from './tickets-hooks.ts';
export { undoReply } from './undoing.ts';
export { resolveMerged, seeTicket, seeTicketByNumber, ticketsFor, visibleTickets } from './visible-tickets.ts';
export { priorities } from './types.ts';
export type {
  Attachment,
  Category,
  Folds,
  MailAddress,
  Message,
  MessageAddresses,
  NewAttachment,
  NewMessage,
  Origin,
  Place,
  Priority,
  Status,
  Ticket,
  TicketDraft,
} from './types.ts';
export type { BulkResultView, BulkView, PresenceView, SaveViewView, SearchView, TicketListView, TicketRowView } from './list-views.ts';
