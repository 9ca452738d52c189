import { escapeHtml, type OutgoingMail } from '@helpdesk/core/plugin';
import { withinBody } from './html-body.ts';

type Body = Pick<OutgoingMail, 'text' | 'html'>;

// The fence is the same in every language, and no mail program writes it.
const fence = '##-';
const marked = new RegExp(`^[\\s>|*_]{0,40}${fence}\\s`);

/**
 * Marks all of a notification as what an agent's answer by mail quotes (mail.md W2): a line on top of it says where to
 * write, and in HTML stands within our mark, which survives mail programs that rename classes and ids (mail.md R3).
 */
export function withAnswerLine({ text, html }: Body, words: string): Body {
  const line = `${fence} ${words} -##`;
  const opening = `<div class="helpdesk-quote" id="helpdesk-quote" data-helpdesk-quote=""><div dir="auto" style="margin:0 0 12px;font-size:13px">${escapeHtml(line)}</div>`;
  return { text: `${line}\n\n${text}`, html: html === null ? null : withinBody(html, opening, '</div>') };
}

/** True for a line of text that begins with that line, also inside `>` marks. */
export function isAnswerLine(line: string): boolean {
  return marked.test(line);
}

/** True for a text in which that line is left, wherever it stands. */
export function holdsAnswerLine(text: string): boolean {
  return text.includes(`${fence} `);
}
