import path from 'node:path';
import { loadCatalog, type Catalog } from '../i18n/index.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';

const catalogs = new Map<string, Catalog | undefined>();

/** What a plugin calls itself in the reader's language: `<id>.plugin.title` of its texts, else its manifest's title. Works while it is off. */
export function titleOfPlugin(plugin: FoundPlugin, locale: string): string {
  return textOfPlugin(plugin, locale, `${plugin.id}.plugin.title`) ?? plugin.manifest.title;
}

/** The name of one of its permissions: the manifest's title, which may be the key of a text. */
export function titleOfPermission(plugin: FoundPlugin, locale: string, title: string): string {
  return textOfPlugin(plugin, locale, title) ?? title;
}

/** One text of a plugin, English where the language lacks it; undefined when it has none. */
export function textOfPlugin(plugin: FoundPlugin, locale: string, key: string): string | undefined {
  const entry = catalogOf(plugin)?.find(locale, key);
  return typeof entry === 'string' ? entry : entry?.['other'];
}

// The desk's own catalog holds the texts of running plugins only.
function catalogOf({ folder, version, manifest }: FoundPlugin): Catalog | undefined {
  if (manifest.locales === undefined) return undefined;
  const key = `${folder} ${version}`;
  if (!catalogs.has(key)) catalogs.set(key, read(path.join(folder, manifest.locales)));
  return catalogs.get(key);
}

function read(folder: string): Catalog | undefined {
  try {
    return loadCatalog([folder]);
  } catch {
    // Said when it is switched on; a list of plugins must show in spite of it.
    return undefined;
  }
}
