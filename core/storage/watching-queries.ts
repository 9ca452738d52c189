import type { Knex } from 'knex';
import type { QueryListener } from './types.ts';

interface QueryEvent {
  readonly __knexQueryUid?: string;
}

/** Tells the listener of every statement of these connections, those of their transactions included. */
export function watchQueries(connections: readonly Knex[], listener: QueryListener): () => void {
  const started = (query: QueryEvent): void => listener.started(query.__knexQueryUid ?? '');
  const answered = (_response: unknown, query: QueryEvent): void => listener.ended(query.__knexQueryUid ?? '');
  const failed = (_error: unknown, query: QueryEvent): void => listener.ended(query.__knexQueryUid ?? '');
  for (const knex of connections) knex.on('query', started).on('query-response', answered).on('query-error', failed);
  return () => {
    for (const knex of connections) {
      knex.removeListener('query', started);
      knex.removeListener('query-response', answered);
      knex.removeListener('query-error', failed);
    }
  };
}
