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
import { checkContrast } from './contrast.ts';
import type { ThemeProblem } from './problem.ts';
import { withoutComments } from './tokens.ts';

export type { ThemeProblem } from './problem.ts';

const levels = ['fatal', 'error', 'warning', 'recommendation'] as const;
const stylesheets = ['tokens.css', 'theme.css'];
const sided =
  /(?:^|[{};])\s*((?:(?:margin|padding|border)-(?:left|right)(?:-\w+)*|border-(?:top|bottom)-(?:left|right)-radius|left|right)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)\b)/g;

/** Everything that is wrong with the theme in a folder, the worst first; plugins are read and not run. */
export async function checkTheme(config: Config, folder: string): Promise<readonly ThemeProblem[]> {
  const { plugins } = await discover([config.root, config.data].map((root) => ({ folder: path.join(root, 'plugins') })));
  const id = path.basename(folder);
  const catalog = loadCatalog([
    ...coreLocales,
    ...plugins.flatMap((plugin) => (plugin.manifest.locales === undefined ? [] : [path.join(plugin.folder, plugin.manifest.locales)])),
  ]);
  const theme = { id, title: id, description: '', version: '', folder, stylesheets };
  const styles = stylesheets.flatMap((name) => {
    const file = path.join(folder, name);
    return existsSync(file) ? [{ name, css: readFileSync(file, 'utf8') }] : [];
  });
  const problems = [
    ...checkManifest(folder),
    ...checkTemplates(theme, plugins),
    ...checkLocales(path.join(folder, 'locales'), id, catalog),
    ...checkContrast(styles.map(({ css }) => css)),
    ...styles.flatMap(({ name, css }) => sidesIn(name, css)),
  ];
  return problems.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

/** @throws Refused `themes.check-failed` with the sentence of the first fatal problem. */
export async function refuseFatal(config: Config, folder: string): Promise<void> {
  const fatal = (await checkTheme(config, folder)).find(({ level }) => level === 'fatal');
  if (fatal !== undefined) throw new Refused('themes.check-failed', { theme: path.basename(folder), message: fatal.text });
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
