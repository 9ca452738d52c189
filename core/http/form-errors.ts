import { AppError } from '../kernel/errors.ts';
import type { FormErrorsView, Sentence } from '../ui/types.ts';

/**
 * What a form shows when its input was refused; the page comes back with everything that was typed.
 * Anything but a refusal is thrown on.
 */
export function formErrors(error: unknown): FormErrorsView {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  const text: Sentence = { key: `errors.${error.code}`, params: plainParams(error.details) };
  const { fields } = error.details;
  const names = Array.isArray(fields) ? fields.map(String) : typeof fields === 'object' && fields !== null ? Object.keys(fields) : [];
  const confirmUrl = confirmUrlOf(error);
  return {
    list: names.length === 0 ? [{ text }] : names.map((field) => ({ field, text })),
    byField: Object.fromEntries(names.map((field) => [field, text])),
    ...(confirmUrl !== undefined && { confirmUrl }),
  };
}

/** The page that asks for the password again and leads back, when that is what is missing. */
export function confirmUrlOf({ code, details }: Pick<AppError, 'code' | 'details'>): string | undefined {
  const { next } = details;
  return code === 'auth.confirm-needed' && typeof next === 'string' ? `/sign-in/confirm?next=${encodeURIComponent(next)}` : undefined;
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
