import path from 'node:path';
import { AppError, coreFolder, createTranslator, loadCatalog, problemOf, problemText, sentenceOf } from '@helpdesk/core/operator';
import { cell } from './output.ts';

const reachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH'];

/** What went wrong, in one sentence for the operator; a fault of ours keeps its stack. */
export function sentenceFor(error: unknown, { databaseUrl }: { readonly databaseUrl?: string | undefined }): string {
  if (error instanceof AppError) return appSentence(error);
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  const detail = message || causes(error);
  if (code === 'EADDRINUSE') return `The address is in use already: ${detail}. Stop the other program, or name another port with PORT.`;
  if (code === 'EACCES' && /listen/.test(message)) return `The port may not be used by this user: ${detail}.`;
  const isDatabase =
    reachable.includes(code) ||
    /^(28|3D|08|57P03)/.test(code) ||
    code === 'KnexTimeoutError' ||
    /Connection terminated|getaddrinfo/.test(message);
  if (databaseUrl !== undefined && isDatabase)
    return `The database of DATABASE_URL (${withoutPassword(databaseUrl)}) cannot be used: ${detail}.`;
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT')
    return `The database file is damaged: ${detail}. Restore a backup with "helpdesk backup restore".`;
  if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY') return `The database file cannot be opened: ${detail}.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function appSentence(error: AppError): string {
  const own = sentenceOf(error);
  if (own !== error.code) return own;
  const translator = createTranslator({ catalog: loadCatalog([path.join(coreFolder, 'locales')]), locale: 'en', timeZone: 'UTC' });
  const details = Object.entries(error.details).map(([key, value]) => `${key} ${cell(value)}`);
  return problemText(translator, problemOf(error)) || [error.code, ...(details.length === 0 ? [] : [`(${details.join(', ')})`])].join(' ');
}

// A refused connection to several addresses of one name has no message of its own.
function causes(error: unknown): string {
  return error instanceof AggregateError
    ? error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ')
    : '';
}

function withoutPassword(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? url : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
