import { AppError } from './errors.ts';

/** What went wrong in one sentence for an administrator: the thrower's own words where it gave some. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AppError && typeof error.details['message'] === 'string') return error.details['message'];
  return error instanceof Error ? error.message : String(error);
}
