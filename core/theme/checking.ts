import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { loadCatalog } from '../i18n/index.ts';
import { discover } from '../kernel/discovery.ts';
import { Refused } from '../kernel/errors.ts';
import { coreLocales } from '../paths.ts';
import { checkLocales } from './checking-locales.ts';
import { checkManifest } from './checking-manifest.ts';
import { checkTemplates } from './checking-templates.ts';
import { checkContrast, variantsOf } from './contrast.ts';
import { localesOf, stylesheetsOf, type Look } from './looks.ts';
import type { ThemeProblem } from './problem.ts';
import { readThemeIn, resolveFrom, themeStylesheets, type ResolvedTheme } from './themes.ts';
import { withoutComments } from './tokens.ts';

export type { ThemeProblem } from './problem.ts';

const levels = ['fatal', 'error', 'warning', 'recommendation'] as const;
const sided =
  /(?:^|[{};])\s*((?:(?:margin|padding|border)-(?:left|right)(?:-\w+)*|border-(?:top|bottom)-(?:left|right)-radius|left|right)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)\b)/g;

/** Everything that is wrong with the theme in a folder, the worst first; plugins are read and not run. */
export async function checkTheme(config: Config, folder: string): Promise<readonly ThemeProblem[]> {
  const { plugins } = await discover([config.root, config.data].map((root) => ({ folder: path.join(root, 'plugins') })));
  const id = path.basename(folder);
  const theme = readThemeIn(folder) ?? { id, title: id, version: '', folder };
  const resolved = resolveFrom(config, theme);
  const parents = resolved.chain.slice(1);
  const catalog = loadCatalog([
    ...coreLocales,
    ...plugins.flatMap((plugin) => (plugin.manifest.locales === undefined ? [] : [path.join(plugin.folder, plugin.manifest.locales)])),
    ...localesOf(parents),
  ]);
  const problems = [
    ...checkManifest(config, folder),
    ...checkTemplates(theme, parents, plugins, catalog),
    ...checkLocales(path.join(folder, 'locales'), id, catalog),
    ...checkContrast(stylesOf(resolved), variantsOf(resolved.options)),
    ...ownStyles(folder).flatMap(({ name, css }) => sidesIn(name, css)),
    ...missingFiles(folder),
  ];
  return problems.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

/** What is hard to read with the values that a look has now. */
export function measureLook(look: Look): readonly ThemeProblem[] {
  return checkContrast([...stylesOf(look), look.stylesheet], []);
}

/** @throws Refused `themes.check-failed` with the sentence of the first fatal problem. */
export async function refuseFatal(config: Config, folder: string): Promise<void> {
  const fatal = (await checkTheme(config, folder)).find(({ level }) => level === 'fatal');
  if (fatal !== undefined) throw new Refused('themes.check-failed', { theme: path.basename(folder), message: fatal.text });
}

function stylesOf({ chain }: ResolvedTheme): readonly string[] {
  return stylesheetsOf(chain).map(({ theme, file }) => readFileSync(path.join(theme.folder, file), 'utf8'));
}

function ownStyles(folder: string): readonly { readonly name: string; readonly css: string }[] {
  return themeStylesheets.flatMap((name) => {
    const file = path.join(folder, name);
    return existsSync(file) ? [{ name, css: readFileSync(file, 'utf8') }] : [];
  });
}

function missingFiles(folder: string): readonly ThemeProblem[] {
  return [
    ['screenshot.png', 'screenshot.png is missing; it is what people choose a theme by (1280 by 800).'] as const,
    ['README.md', 'README.md is missing; say what the options do.'] as const,
  ].flatMap(([name, text]) => (existsSync(path.join(folder, name)) ? [] : [{ level: 'recommendation' as const, text }]));
}

function sidesIn(name: string, source: string): ThemeProblem[] {
  const css = withoutComments(source);
  return [...css.matchAll(sided)].map(({ index, 0: match, 1: declared = '' }) => {
    const line = css.slice(0, index + match.length).split('\n').length;
    return {
      level: 'recommendation',
      text: `${name}, line ${line}: "${declared.replace(/\s*:$/, '')}" names a side of the screen; use the inline-start and inline-end properties, which turn around in right-to-left languages.`,
    };
  });
}
