import path from 'node:path';
import type { Config } from '../config.ts';
import { readThemeManifest } from './manifest.ts';
import type { ThemeProblem } from './problem.ts';
import { isThemeId, readThemeIn, resolveFrom, themeFolder } from './themes.ts';

/** Checks a theme's theme.json against the published schema, and the themes that it extends. */
export function checkManifest(config: Config, folder: string): readonly ThemeProblem[] {
  const { problems, warnings } = readThemeManifest(folder);
  return [
    ...(isThemeId(path.basename(folder)) ? [] : [fatal(`The folder's name "${path.basename(folder)}" cannot be the id of a theme.`)]),
    ...problems.map(fatal),
    ...warnings.map((text): ThemeProblem => ({ level: 'warning', text })),
    ...parentProblems(config, folder),
  ];
}

function parentProblems(config: Config, folder: string): readonly ThemeProblem[] {
  const theme = readThemeIn(folder);
  if (theme?.extends === undefined) return [];
  if (themeFolder(config, theme.extends) === undefined)
    return [fatal(`theme.json: it extends ${theme.extends}, and there is no such theme here.`)];
  const { trouble, options } = resolveFrom(config, theme);
  if (trouble !== undefined) return [fatal(trouble.message)];
  const count = Object.keys(options).length;
  return count > maxInherited ? [{ level: 'warning', text: `With those it extends it has ${count} options; that is a long form.` }] : [];
}

const maxInherited = 30;

function fatal(text: string): ThemeProblem {
  return { level: 'fatal', text };
}
