import type { TimeStyle, Translator } from '../i18n/index.ts';
import { SafeHtml, escapeHtml } from './html.ts';
import type { RequestView } from './types.ts';

/** A `<time>` with the exact moment as its title; `relative` ones are kept fresh by `<hd-time>`. */
export function timeTag(request: RequestView, at: unknown, print: (t: Translator, at: number) => string, kind?: 'relative'): SafeHtml {
  if (typeof at !== 'number') return new SafeHtml('');
  const text = escapeHtml(print(request.translator, at));
  const exact = escapeHtml(request.translator.date(at, 'exact'));
  const tag = `<time datetime="${new Date(at).toISOString()}" title="${exact}">${text}</time>`;
  return new SafeHtml(kind === undefined ? tag : `<hd-time>${tag}</hd-time>`);
}

/** The hour in somebody else's time zone; empty when the zone is unknown. */
export function clockOf(locale: string, at: unknown, timeZone: string): string {
  if (typeof at !== 'number') return '';
  try {
    return new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone }).format(at);
  } catch {
    return '';
  }
}

export function timeStyleFrom(value: unknown): TimeStyle {
  return value === 'time' || value === 'date' || value === 'short' || value === 'exact' ? value : 'long';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
