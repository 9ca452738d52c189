import { AppError } from '../kernel/errors.ts';
import type { FormErrorsView, Sentence } from '../ui/types.ts';

/**
 * What a form shows when its input was refused; the page comes back with everything that was typed.
 * Anything but a refusal is thrown on.
 */
export function formErrors(error: unknown): FormErrorsView {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  const text: Sentence = { key: `errors.${error.code}`, params: plainParams(error.details) };
  const { fields, next } = error.details;
  const names = Array.isArray(fields) ? fields.map(String) : typeof fields === 'object' && fields !== null ? Object.keys(fields) : [];
  return {
    list: names.length === 0 ? [{ text }] : names.map((field) => ({ field, text })),
    byField: Object.fromEntries(names.map((field) => [field, text])),
    ...(error.code === 'auth.confirm-needed' && { confirmUrl: confirmPath(String(next)) }),
  };
}

/** The page that asks a person for their password again and leads back to `next`. */
export function confirmPath(next: string): string {
  return `/sign-in/confirm?next=${encodeURIComponent(next)}`;
}

/** The HTTP status a refused form answers with. */
export function statusOfError(error: unknown): number {
  return error instanceof AppError ? error.status : 500;
}

function plainParams(details: Readonly<Record<string, unknown>>): NonNullable<Sentence['params']> {
  return Object.fromEntries(
    Object.entries(details).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}
