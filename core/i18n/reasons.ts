import { AppError } from '../kernel/errors.ts';
import type { Translator } from './translator.ts';

type Values = Readonly<Record<string, string | number>>;

const knownReasons = [
  ['name', /ENOTFOUND|EAI_AGAIN/],
  ['refused', /ECONNREFUSED/],
  ['silent', /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|^(?:Connection timeout|Greeting never received)$/],
  // Microsoft 365 has switched passwords for SMTP off (nodemailer #1726).
  ['no-passwords', /\b535\b.*5\.7\.139|SmtpClientAuthentication is disabled/s],
] as const;

// What a reason in words of ours begins with where it is stored; any other is somebody else's words.
const opening = '{"key":"';
const longest = 1000;

/**
 * A reason in words of ours as it is stored: a text of the catalogs with its values, for `reasonInWords`. `why` among
 * the values may be a stored reason; the others are taken as what somebody else said.
 */
export function ownReason(key: string, values: Readonly<Record<string, unknown>> = {}): string {
  const kept = Object.entries(values).flatMap(([name, value]): readonly (readonly [string, string | number])[] => {
    if (typeof value === 'string') return [[name, name === 'why' ? value : theirReason(value)]];
    return typeof value === 'number' ? [[name, value]] : [];
  });
  // A stored reason is read back or not at all, so it is never cut but made of less.
  for (const most of [300, 100, 30]) {
    const stored = JSON.stringify({ key, values: Object.fromEntries(kept.map(([name, value]) => [name, shortened(name, value, most)])) });
    if (stored.length <= longest) return stored;
  }
  return JSON.stringify({ key, values: {} });
}

function shortened(name: string, value: string | number, most: number): string | number {
  if (typeof value === 'number' || value.length <= most || (name === 'why' && isOwnReason(value))) return value;
  return value.slice(0, most);
}

/** Why something failed as it is stored: an error for people by its code and values, of anything else what it says. */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return ownReason(error.messageKey, error.details);
  return theirReason(error instanceof Error ? error.message : String(error));
}

/** What somebody else said as it is stored: one who speaks as we store our words must not choose them. */
export function theirReason(words: string): string {
  return (isOwnReason(words) ? ` ${words}` : words).slice(0, longest);
}

/** A stored reason for its reader: our words and the usual causes of a failed connection translated, what a server said as it said it. */
export function reasonInWords(translator: Pick<Translator, 't'>, reason: string): string {
  const own = readOwn(reason);
  if (own === undefined) {
    const known = knownReasons.find(([, pattern]) => pattern.test(reason));
    return known === undefined ? reason : translator.t(`mail.reason.${known[0]}`);
  }
  const values = Object.fromEntries(
    Object.entries(own.values).map(([name, value]) => [name, typeof value === 'string' ? reasonInWords(translator, value) : value]),
  );
  // The catalog goes with its plugin, the reason stays.
  return translator.t(own.key, values) || String(values['message'] ?? own.key);
}

/** Whether a stored reason is in words of ours. */
export function isOwnReason(reason: string): boolean {
  return reason.startsWith(opening);
}

function readOwn(reason: string): { readonly key: string; readonly values: Values } | undefined {
  if (!isOwnReason(reason)) return undefined;
  try {
    const { key, values }: { readonly key?: unknown; readonly values?: unknown } = JSON.parse(reason);
    return typeof key === 'string' && typeof values === 'object' && values !== null ? { key, values: values as Values } : undefined;
  } catch {
    return undefined;
  }
}
