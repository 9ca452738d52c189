import { readFileSync } from 'node:fs';
import path from 'node:path';
import { coreFolder } from '../paths.ts';
import { parseColour, type Colour } from './colour.ts';
import { stylesheetsOf, type Look } from './looks.ts';
import { readTokens, resolveToken, type Scheme } from './tokens.ts';

/** Colors as `#rrggbb`: mail programs know neither custom properties nor oklch. */
interface MailColors {
  readonly canvas: string;
  readonly surface: string;
  readonly line: string;
  readonly ink: string;
  readonly inkMuted: string;
  readonly brand: string;
  readonly brandInk: string;
}

/** A look's tokens for inline styles; what mail templates find at `@mail`. */
export interface MailStyle extends MailColors {
  readonly radius: string;
  readonly dark: MailColors;
}

export function mailStyleOf(look: Look): MailStyle {
  const core = readFileSync(path.join(coreFolder, 'ui/css/tokens.css'), 'utf8');
  const styles = [
    core,
    ...stylesheetsOf(look.chain).map(({ theme, file }) => readFileSync(path.join(theme.folder, file), 'utf8')),
    look.stylesheet,
  ];
  const colors = (scheme: Scheme): MailColors => {
    const tokens = readTokens(styles, scheme);
    const plain = readTokens([core], scheme);
    const color = (name: string): string =>
      hexOf(parseColour(resolveToken(tokens, name, scheme) ?? '') ?? parseColour(resolveToken(plain, name, scheme) ?? ''));
    return {
      canvas: color('--color-canvas'),
      surface: color('--color-surface'),
      line: color('--color-line'),
      ink: color('--color-ink'),
      inkMuted: color('--color-ink-muted'),
      brand: color('--color-brand'),
      brandInk: color('--color-brand-ink'),
    };
  };
  const radius = resolveToken(readTokens(styles, 'light'), '--radius-control', 'light') ?? '';
  return { ...colors('light'), radius: /^\d{1,2}px$/.test(radius) ? radius : '6px', dark: colors('dark') };
}

function hexOf(colour: Colour | undefined): string {
  if (colour === undefined) return '#808080';
  const hex = [colour.red, colour.green, colour.blue]
    .map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255))
    // Some programs turn pure white and pure black around in dark mode, and nothing between.
    .map((part) => Math.min(253, Math.max(2, part)))
    .map((part) => part.toString(16).padStart(2, '0'));
  return `#${hex.join('')}`;
}
