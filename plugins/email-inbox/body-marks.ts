import type { ParsedMail } from './parsed-mail.ts';
import { idOfToken, tokenSource, type TokenScope } from './threading-ids.ts';

// In HTML the attribute and the text carry the same token, since some mail programs keep the one and some the other.
const attribute = 'data-desk-ref';
const shape = new RegExp(`\\[ref:(${tokenSource})\\]|\\s${attribute}\\s{0,9}=\\s{0,9}["']?(${tokenSource})(?![0-9a-z.])["']?`, 'gi');

// A mail quotes few tickets; one that names more than these does not want to be found.
const mostMarks = 50;

/** The mark of a token as the text of a mail carries it. */
export function writtenMark(token: string): string {
  return `[ref:${token}]`;
}

/** The mark as HTML carries it, for mail programs to keep and nobody to see. */
export function hiddenMark(token: string): string {
  return `<div ${attribute}="${token}" style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden;mso-hide:all">${writtenMark(token)}</div>`;
}

/** The tokens of all that looks like a mark, in their order and each once, at most 50; other systems' `[ref:…]` have another shape. */
export function readMarks(bodies: readonly (string | undefined)[]): readonly string[] {
  const found = new Set<string>();
  for (const body of bodies)
    for (const match of body?.matchAll(shape) ?? []) {
      found.add(tokenIn(match));
      if (found.size >= mostMarks) return [...found];
    }
  return [...found];
}

export interface OwnMark {
  readonly token: string;
  readonly ticketId: number;
  /** The mark without its signature, which is a key. */
  readonly shown: string;
}

/** The tokens that this desk signed. */
export function ownMarks(tokens: readonly string[], scope: TokenScope): readonly OwnMark[] {
  return tokens.flatMap((token) => {
    const ticketId = idOfToken(token, scope);
    return ticketId === undefined ? [] : [{ token, ticketId, shown: writtenMark(token.replace(/\..*/, '.…')) }];
  });
}

/** A mail without the marks that this desk signed; those of others stay, and so does everything else. */
export function withoutMarks(mail: ParsedMail, scope: TokenScope): ParsedMail {
  const own = new Set(ownMarks(mail.marks, scope).map(({ token }) => token));
  if (own.size === 0) return mail;
  const { text, html, tnef } = mail;
  return {
    ...mail,
    text: withoutMarkLines(text, own),
    html: html && erase(html, own),
    tnef: tnef && { ...tnef, text: tnef.text && withoutMarkLines(tnef.text, own), html: tnef.html && erase(tnef.html, own) },
  };
}

/** A line that holds nothing else goes whole, and where a blank one stands above it the blank ones below it too. */
function withoutMarkLines(text: string, own: ReadonlySet<string>): string {
  const kept: string[] = [];
  let isBelowMark = false;
  for (const line of text.split('\n')) {
    const rest = erase(line, own);
    const isMark = rest !== line && isBlank(rest);
    const isGap: boolean = isBelowMark && isBlank(line) && isBlank(kept.at(-1) ?? '');
    if (!isMark && !isGap) kept.push(rest);
    isBelowMark = isMark || isGap;
  }
  return kept.join('\n');
}

function erase(body: string, own: ReadonlySet<string>): string {
  return body.replace(shape, (...match) => (own.has(tokenIn(match)) ? '' : String(match[0])));
}

function tokenIn([, written, hidden]: readonly unknown[]): string {
  return String(written ?? hidden).toLowerCase();
}

/** Blank but for the marks of a quote. */
function isBlank(line: string): boolean {
  return /^[\s>|]*$/.test(line);
}
