import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';

export interface Theme {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly folder: string;
  /** Stylesheets in the order they are linked. */
  readonly stylesheets: readonly string[];
}

const idShape = /^[a-z](?=.{1,39}$)[a-z0-9]*(-[a-z0-9]+)*$/;

interface ThemeManifest {
  readonly title?: string;
  readonly description?: string;
  readonly version?: string;
}

/** Themes of the site and of the data folder. */
export function listThemes(config: Config): readonly Theme[] {
  return themeRoots(config).flatMap((root) =>
    existsSync(root) ? readdirSync(root).flatMap((id) => readTheme(path.join(root, id), id) ?? []) : [],
  );
}

/** The folder of the theme with this id, whether or not it can be used. */
export function themeFolder(config: Config, id: string): string | undefined {
  if (!isThemeId(id)) return undefined;
  return themeRoots(config)
    .map((root) => path.join(root, id))
    .find((folder) => existsSync(folder));
}

/** Whether the text can be the id of a theme: it names a folder and a part of addresses. */
export function isThemeId(id: string): boolean {
  return idShape.test(id);
}

function themeRoots(config: Config): readonly string[] {
  return [path.join(config.root, 'themes'), path.join(config.data, 'themes')];
}

/** The theme with this id, else the default one, else an empty one: the portal works without any theme. */
export function findTheme(config: Config, id: string): Theme {
  const themes = listThemes(config);
  return (
    themes.find((one) => one.id === id) ??
    themes.find((one) => one.id === 'default') ?? {
      id: 'none',
      title: 'None',
      description: '',
      version: '',
      folder: path.join(config.data, 'no-theme'),
      stylesheets: [],
    }
  );
}

function readTheme(folder: string, id: string): Theme | undefined {
  const file = path.join(folder, 'theme.json');
  if (!existsSync(file)) return undefined;
  try {
    const manifest: ThemeManifest = JSON.parse(readFileSync(file, 'utf8'));
    return {
      id,
      title: manifest.title ?? id,
      description: manifest.description ?? '',
      version: manifest.version ?? '',
      folder,
      stylesheets: ['tokens.css', 'theme.css'].filter((name) => existsSync(path.join(folder, name))),
    };
  } catch {
    return undefined;
  }
}
