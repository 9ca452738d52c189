import type { ThemeProblem } from './problem.ts';

interface Rule {
  /** Mails are no pages: they carry their styles along, and pictures by full address. */
  readonly isForPages?: boolean;
  readonly level: ThemeProblem['level'];
  readonly pattern: RegExp;
  readonly text: string;
}

const rules: readonly Rule[] = [
  {
    level: 'fatal',
    pattern: /(?:href|src|action|formaction)\s*=\s*["']?\s*(?:javascript|vbscript|data:text\/html)/gi,
    text: 'runs script from an address.',
  },
  {
    level: 'error',
    pattern: /<script(?![^>]*\ssrc=)[^>]*>/gi,
    text: 'holds a script, which browsers refuse here; put it into a file and name it with src.',
  },
  { level: 'error', pattern: /<[a-z][^<>]*\son[a-z]+\s*=/gi, text: 'holds an event attribute, which browsers refuse here.' },
  { level: 'error', isForPages: true, pattern: /<style\b/gi, text: 'holds styles, which browsers refuse here; put them into theme.css.' },
  {
    level: 'error',
    isForPages: true,
    pattern: /<(?:link|script|img|iframe)\b[^<>]*\s(?:href|src)="https?:/gi,
    text: 'loads something from another site, which browsers refuse here; put the file into the theme.',
  },
  {
    level: 'warning',
    pattern: /\s(?:href|src|action)="\{\{\s*@(?:root\.)?theme\./gi,
    text: 'puts an option into an address; write {{safe-url @theme.…}}, which lets no script through.',
  },
  { level: 'warning', pattern: /<img\b(?![^<>]*\salt=)[^<>]*>/gi, text: 'holds a picture without alt.' },
];

/** What the desk's content policy or a screen reader would stumble over. */
export function checkMarkup(where: string, source: string): readonly ThemeProblem[] {
  const isMail = where.startsWith('emails');
  return rules
    .filter(({ isForPages }) => isForPages !== true || !isMail)
    .flatMap(({ level, pattern, text }) =>
      [...source.matchAll(pattern)].map(({ index }) => ({ level, text: `${where}, line ${lineAt(source, index)}: it ${text}` })),
    );
}

/** Texts that a template names and nobody has. */
export function checkTexts(where: string, source: string, has: (key: string) => boolean): readonly ThemeProblem[] {
  return [...source.matchAll(/[({]\s*(?:t|rich|pattern)\s+"([^"]+)"/g)]
    .filter(([, key = '']) => !has(key))
    .map(({ index, 1: key = '' }) => ({
      level: 'error' as const,
      text: `${where}, line ${lineAt(source, index)}: there is no text "${key}".`,
    }));
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index + 1).split('\n').length;
}
