import { htmlToText } from '@helpdesk/core/plugin';
import { holdsAnswerLine } from './answer-line.ts';
import type { MailContent } from './mail-content.ts';

export interface AgentWords {
  readonly text: string;
  readonly html: string | undefined;
}

/**
 * What an agent wrote in an answer, or undefined when nobody can tell it from what the answer quotes. It is cut harder than
 * a customer's mail, of which rather too much is shown: an agent's mail quotes what only the team may read, and goes on to
 * the customer (mail.md W2). So no quoted line stays, an answer may be empty, and HTML is taken only if it says what the text says.
 */
export function wordsOfAgent({ own }: MailContent): AgentWords | undefined {
  if (!own.isDivided || holdsAnswerLine(own.text)) return undefined;
  const text = own.text
    .split('\n')
    .filter((line) => !/^\s{0,3}>/.test(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return { text, html: own.html !== undefined && saysSame(htmlToText(own.html), text) ? own.html : undefined };
}

/** Whether two texts have the same words; marks of emphasis, lists and the addresses of links may differ. */
function saysSame(one: string, other: string): boolean {
  return lettersOf(one) === lettersOf(other);
}

function lettersOf(text: string): string {
  return text.replace(/<(?:https?:|[^\s<>@]{1,64}@)[^\s<>]{1,2000}>/gi, '').replace(/[^\p{L}\p{N}]/gu, '');
}
