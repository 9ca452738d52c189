import { readFileSync } from 'node:fs';
import path from 'node:path';
import { coreFolder } from '../paths.ts';
import { contrastOf, parseColour } from './colour.ts';
import type { ThemeProblem } from './problem.ts';
import { readTokens, resolveToken } from './tokens.ts';

interface Pair {
  readonly colour: string;
  readonly ground: string;
  /** 4.5 for text, 3 for the borders of controls. */
  readonly least: number;
}

const grounds = ['canvas', 'surface', 'raised', 'sunken', 'selected'];
const pairs: readonly Pair[] = [
  ...pairsOf(['ink', 'ink-muted'], grounds, 4.5),
  ...pairsOf(['brand'], ['canvas', 'surface', 'raised'], 4.5),
  ...pairsOf(['brand-ink'], ['brand', 'brand-strong'], 4.5),
  ...pairsOf(['ink'], ['note', 'mark'], 4.5),
  ...pairsOf(['note-strong'], ['note'], 4.5),
  ...pairsOf(['note-ink'], ['note-strong'], 4.5),
  ...['danger', 'success', 'warning'].flatMap((name) => pairsOf([name], ['canvas', 'surface', `${name}-soft`], 4.5)),
  ...[1, 2, 3, 4, 5, 6].flatMap((tone) => pairsOf([`tone-${tone}-ink`], [`tone-${tone}`], 4.5)),
  ...pairsOf(['line-strong'], ['canvas', 'surface', 'raised'], 3),
];

/** Measures the colour tokens of core with the theme's changes, in light and in dark, against WCAG AA. */
export function checkContrast(stylesheets: readonly string[]): readonly ThemeProblem[] {
  const core = readFileSync(path.join(coreFolder, 'ui/css/tokens.css'), 'utf8');
  return (['light', 'dark'] as const).flatMap((scheme) => {
    const tokens = readTokens([core, ...stylesheets], scheme);
    const found = pairs.flatMap(({ colour, ground, least }): readonly ThemeProblem[] => {
      const [above, below] = [colour, ground].map((name) => parseColour(resolveToken(tokens, `--color-${name}`, scheme) ?? ''));
      if (above === undefined || below === undefined) return [];
      const contrast = contrastOf(above, below);
      if (contrast >= least) return [];
      // Rounded down, so that 4.49 does not read as the 4.5 it misses.
      const shown = (Math.floor(contrast * 100) / 100).toFixed(2);
      return [
        { level: 'error', text: `--color-${colour} on --color-${ground} has a contrast of ${shown}:1 in ${scheme}; it needs ${least}:1.` },
      ];
    });
    return [...unread(tokens, scheme), ...found];
  });
}

function unread(tokens: ReadonlyMap<string, string>, scheme: 'light' | 'dark'): ThemeProblem[] {
  return [...new Set(pairs.flatMap(({ colour, ground }) => [colour, ground]))]
    .filter((name) => parseColour(resolveToken(tokens, `--color-${name}`, scheme) ?? '') === undefined)
    .map((name) => ({
      level: 'recommendation',
      text: `--color-${name} cannot be measured in ${scheme}; write it as oklch(), rgb() or a hex colour.`,
    }));
}

function pairsOf(colours: readonly string[], on: readonly string[], least: number): readonly Pair[] {
  return colours.flatMap((colour) => on.map((ground) => ({ colour, ground, least })));
}
