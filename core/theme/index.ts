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

interface ThemeManifest {
  readonly title?: string;
  readonly description?: string;
  readonly version?: string;
}

/** Themes of the site and of the data folder. */
export function listThemes(config: Config): readonly Theme[] {
  const roots = [path.join(config.root, 'themes'), path.join(config.data, 'themes')];
  return roots.flatMap((root) => (existsSync(root) ? readdirSync(root).flatMap((id) => readTheme(path.join(root, id), id) ?? []) : []));
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
