import { escapeHtml } from './html-tree.ts';

const link = /\b(?:https?:\/\/|www\.)[^\s<>"'`\u200b\u2028\u2029]{2,2000}|\b[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi;

const maxLinks = 2000;

/** Renders plain text as HTML: escaped, line breaks kept, web and mail addresses as links that open apart, the first 2000 of them (mail.md S1). */
export function textToHtml(text: string): string {
  const budget = { links: maxLinks };
  const lines = text.split(lineEnd).map((line) => (line === '' ? '' : linkLine(line, budget, spaces)));
  return `<div>${lines.join('<br>\n')}</div>`;
}

/** The same for an element that keeps lines and spaces as they are (`white-space: pre-wrap`). */
export function textWithLinks(text: string): string {
  const budget = { links: maxLinks };
  return text
    .split(lineEnd)
    .map((line) => linkLine(line, budget, escapeHtml))
    .join('\n');
}

const lineEnd = /\r\n|\r|\n/;

function linkLine(line: string, budget: { links: number }, print: (text: string) => string): string {
  if (budget.links <= 0) return print(line);
  let output = '';
  let end = 0;
  for (const match of line.matchAll(link)) {
    budget.links -= 1;
    if (budget.links < 0) break;
    const shown = trimEnd(match[0]);
    const target = shown.includes('://') ? shown : /^www\./i.test(shown) ? `http://${shown}` : `mailto:${shown}`;
    output += `${print(line.slice(end, match.index))}<a href="${escapeHtml(target)}" target="_blank" rel="noopener noreferrer nofollow">${escapeHtml(shown)}</a>`;
    end = match.index + shown.length;
  }
  return output + print(line.slice(end));
}

function spaces(text: string): string {
  return escapeHtml(text).replace(/ {2}/g, '&nbsp; ').replace(/^ /, '&nbsp;');
}

/** A closing mark belongs to the sentence, a closing bracket only when the link did not open it. */
function trimEnd(found: string): string {
  let text = found.replace(/[.,;:!?]{1,10}$/, '');
  if (text.endsWith(')') && !text.includes('(')) text = text.slice(0, -1);
  return text.replace(/[.,;:!?]{1,10}$/, '');
}
