import { readFileSync } from 'node:fs';
import path from 'node:path';
import { coreFolder } from '../paths.ts';
import { contrastOf, parseColour } from './colour.ts';
import type { ThemeOptions } from './manifest.ts';
import { customProperties } from './option-values.ts';
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

/** A choice among a theme's options that changes custom properties. */
export interface Variant {
  /** As a problem names it, such as `palette "sand"`. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
}

const steps = 12;

/** What people can choose that may change a colour: each value of each choice, and numbers through their range. */
export function variantsOf(options: ThemeOptions): readonly Variant[] {
  return Object.entries(options).flatMap(([name, option]): readonly Variant[] => {
    if (option.type === 'enum')
      return option.values
        .filter(({ properties }) => properties !== undefined)
        .map(({ value }) => ({ name: `${name} "${value}"`, properties: customProperties(options, { [name]: value }) }));
    if (option.type !== 'number') return [];
    return Array.from({ length: steps + 1 }, (_one, index) => {
      const value = Math.round(option.minimum + ((option.maximum - option.minimum) * index) / steps);
      return { name: `${name} ${value}`, properties: customProperties(options, { [name]: value }) };
    });
  });
}

/** Measures the colour tokens of core with the theme's changes against WCAG AA: in light and in dark, as it comes and in each variant. */
export function checkContrast(stylesheets: readonly string[], variants: readonly Variant[]): readonly ThemeProblem[] {
  const core = readFileSync(path.join(coreFolder, 'ui/css/tokens.css'), 'utf8');
  return (['light', 'dark'] as const).flatMap((scheme) => {
    const tokens = readTokens([core, ...stylesheets], scheme);
    const palettes = [
      { name: '', tokens },
      ...variants.map((one) => ({ name: one.name, tokens: new Map([...tokens, ...Object.entries(one.properties)]) })),
    ];
    const found = pairs.flatMap(({ colour, ground, least }): readonly ThemeProblem[] => {
      const measured = palettes.flatMap(({ name, tokens: palette }) => {
        const [above, below] = [colour, ground].map((token) => parseColour(resolveToken(palette, `--color-${token}`, scheme) ?? ''));
        return above === undefined || below === undefined ? [] : [{ name, contrast: contrastOf(above, below) }];
      });
      // What is wrong as it comes is said so; else the choice that is worst.
      const failing = measured.filter(({ contrast }) => contrast < least).toSorted((a, b) => a.contrast - b.contrast);
      const worst = failing.find(({ name }) => name === '') ?? failing[0];
      if (worst === undefined) return [];
      // Rounded down, so that 4.49 does not read as the 4.5 it misses.
      const shown = (Math.floor(worst.contrast * 100) / 100).toFixed(2);
      const choice = worst.name === '' ? '' : ` with ${worst.name}`;
      return [
        {
          level: 'error',
          text: `--color-${colour} on --color-${ground} has a contrast of ${shown}:1 in ${scheme}${choice}; it needs ${least}:1.`,
        },
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
