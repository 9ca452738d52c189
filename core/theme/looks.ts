import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadCatalog } from '../i18n/index.ts';
import { optionStylesheet, rootAttributes, type OptionValues } from './option-values.ts';
import { themeStylesheets, type ResolvedTheme, type Theme } from './themes.ts';

/** A theme with what it extends and the values of its options: all that decides how the portal looks. */
export interface Look extends ResolvedTheme {
  readonly values: OptionValues;
  /** The options as custom properties. */
  readonly stylesheet: string;
  /** Attributes of the root element. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Changes with anything that pages must be made anew for. */
  readonly stamp: string;
}

export function lookOf(resolved: ResolvedTheme, values: OptionValues): Look {
  const stylesheet = optionStylesheet(resolved.options, values);
  const stamp = createHash('sha256')
    .update(JSON.stringify([resolved.chain, values, resolved.trouble]))
    .digest('hex')
    .slice(0, 12);
  return { ...resolved, values, stylesheet, attributes: rootAttributes(resolved.options, values), stamp };
}

/** The stylesheets of a chain in the order they are linked: parents first, so that the nearest theme has the last word. */
export function stylesheetsOf(chain: readonly Theme[]): readonly { readonly theme: Theme; readonly file: string }[] {
  return chain
    .toReversed()
    .flatMap((theme) => themeStylesheets.filter((file) => existsSync(path.join(theme.folder, file))).map((file) => ({ theme, file })));
}

/** The folders of a chain's texts, parents first. One that cannot be read is left out: a theme must not stop a desk. */
export function localesOf(chain: readonly Theme[]): readonly string[] {
  return chain
    .toReversed()
    .map(({ folder }) => path.join(folder, 'locales'))
    .filter(isReadableCatalog);
}

function isReadableCatalog(folder: string): boolean {
  try {
    loadCatalog([folder]);
    return true;
  } catch {
    return false;
  }
}
