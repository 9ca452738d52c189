import { foldHtml } from './quoting-html.ts';
import { budgetOf, withinBudget } from './quoting-budget.ts';
import { fewestVisible, visibleLength } from './quoting-marks.ts';
import { withKnownTail } from './quoting-signature.ts';
import { divideText, type TextPart } from './quoting-text.ts';

/** A mail divided into what its sender wrote and what is folded; nothing is removed from storage (mail.md R1). */
export interface SplitReply {
  /** What the sender wrote, without signature and forwarded message; the whole text when that would be nothing (R2). */
  readonly replyText: string;
  readonly signatureText: string;
  readonly quotedText: string;
  readonly forwardedText: string;
  /** All parts of the text in order, as offsets. */
  readonly parts: readonly TextPart[];
  /** True when nothing but quotes was found, so that the whole mail is shown. */
  readonly isWhole: boolean;
  /** What the sender wrote, even if that is nothing, with a tail that earlier mails have too; undefined when nothing could be divided. */
  readonly ownText: string | undefined;
  /** The HTML in order, what is quoted in `<div data-quote>`; undefined for a mail without. */
  readonly html: string | undefined;
}

const maxText = 2_000_000;
const maxLines = 100_000;

export interface MailToSplit {
  readonly text: string;
  readonly html?: string | undefined;
  /** The value of `data-quote`, by which whoever cleans the HTML knows it from that of the mail. */
  readonly foldKey?: string | undefined;
  /** Texts of earlier mails of the same sender: what several of them end with is a signature (R5). */
  readonly earlier?: readonly string[];
}

/** Milliseconds that one mail may take; a mail over it is shown whole (mail.md R4). */
const defaultMs = 250;

/** Splits a mail's text and HTML into reply and quote in linear time; text over 2 million characters or 100 000 lines is not divided. */
export function splitReply(mail: MailToSplit, budgetMs = defaultMs): SplitReply {
  const { text, html, foldKey = '', earlier = [] } = mail;
  const budget = budgetOf(budgetMs);
  const divided = text.length > maxText || countLines(text) > maxLines ? undefined : withinBudget(() => divideText(text, budget));
  const signed = withKnownTail(text, divided ?? [], earlier);
  const isWhole = !signed.some(({ kind }) => kind === 'forward') && visibleLength(pick(text, signed, 'reply')) < fewestVisible;
  const parts: readonly TextPart[] = isWhole ? [{ kind: 'reply', start: 0, end: text.length }] : signed;
  return {
    replyText: pick(text, parts, 'reply'),
    signatureText: pick(text, parts, 'signature'),
    quotedText: pick(text, parts, 'quote'),
    forwardedText: pick(text, parts, 'forward'),
    parts,
    isWhole,
    ownText: divided === undefined ? undefined : pick(text, divided, 'reply'),
    html: html === undefined ? undefined : (withinBudget(() => foldHtml(html, { foldKey, budget })) ?? html),
  };
}

function pick(text: string, parts: readonly TextPart[], kind: TextPart['kind']): string {
  return parts
    .filter((part) => part.kind === kind)
    .map(({ start, end }) => text.slice(start, end).replace(/^(?:[ \t\u00a0]*\r?\n)+|\s+$/g, ''))
    .filter((piece) => piece !== '')
    .join('\n\n');
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
