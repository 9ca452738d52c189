import type { OutgoingMail } from '@helpdesk/core/plugin';
import { hiddenMark, writtenMark } from './body-marks.ts';
import { withinBody } from './html-body.ts';
import { visibleLength } from './quoting-marks.ts';
import { divideText } from './quoting-text.ts';

type Body = Pick<OutgoingMail, 'text' | 'html'>;

/**
 * Puts the mark of a ticket below the words of a mail (mail.md T3): mail programs leave out signatures, with all that stands
 * below them, and history that grows too long; the words they quote.
 */
export function withBodyMark({ text, html }: Body, token: string): Body {
  const end = endOfWords(text);
  const rest = text.slice(end).trimStart();
  return {
    text: `${text.slice(0, end).trimEnd()}\n\n${writtenMark(token)}\n${rest === '' ? '' : `\n${rest}`}`,
    html: html === null ? null : withHiddenMark(html, hiddenMark(token)),
  };
}

function endOfWords(text: string): number {
  const words = divideText(text).findLast(
    ({ kind, start, end }) => (kind === 'reply' || kind === 'forward') && visibleLength(text.slice(start, end)) > 0,
  );
  return words?.end ?? 0;
}

function withHiddenMark(html: string, mark: string): string {
  const quote = html.search(/<div[^<>]{0,300}\sdata-helpdesk-quote\b/i);
  return quote < 0 ? withinBody(html, '', mark) : html.slice(0, quote) + mark + html.slice(quote);
}
