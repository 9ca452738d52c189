export { indexMessage, indexTicket, indexUser, putDocument, removeDocument, searchWords, type SearchDocument } from './documents.ts';
export { matchDocuments, type Match, type MatchOptions } from './matching.ts';
