import { fold } from '@helpdesk/core/plugin';

export interface Rule {
  /** Folded; a rule fits when the text holds one of them as whole words. */
  readonly phrases: readonly string[];
  readonly tag: string;
}

/** Reads `invoice, fatura = billing`; undefined when the line is no rule. */
export function readRule(line: string): Rule | undefined {
  const [words = '', tag = '', ...more] = line.split('=').map((part) => part.trim());
  const phrases = words.split(',').map(folded).filter(Boolean);
  return more.length > 0 || tag === '' || phrases.length === 0 ? undefined : { phrases, tag };
}

/** The tags of all rules that fit, each once, in the order of the rules. */
export function tagsFor(text: string, rules: readonly Rule[]): readonly string[] {
  const words = ` ${folded(text)} `;
  const fitting = rules.filter(({ phrases }) => phrases.some((phrase) => words.includes(` ${phrase} `)));
  return [...new Set(fitting.map(({ tag }) => tag))];
}

// Whole words only, and without marks: "İade" and "iade" are one word, "art" is not found in "party".
function folded(text: string): string {
  return fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join(' ');
}
