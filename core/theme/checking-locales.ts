import type { Catalog, Entry } from '../i18n/index.ts';
import { loadCatalog } from '../i18n/index.ts';
import { readdirSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ThemeProblem } from './problem.ts';

/** Checks the texts a theme replaces: that the key exists, and that the text has the same parameters. */
export function checkLocales(folder: string, id: string, catalog: Catalog): readonly ThemeProblem[] {
  try {
    loadCatalog([folder]);
  } catch (error) {
    // The desk reads the same files, and would not start with this theme.
    return [{ level: 'fatal', text: `The texts cannot be read: ${error instanceof Error ? error.message : String(error)}` }];
  }
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, entries: JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Readonly<Record<string, Entry>> }));
  const english = files.find(({ name }) => name === 'en.json')?.entries ?? {};
  return [
    ...files.flatMap(({ name, entries }) =>
      Object.entries(entries).flatMap(([key, entry]) =>
        textProblem(name, key, entry, catalog.find('en', key) ?? (key.startsWith(`${id}.`) ? english[key] : undefined), id),
      ),
    ),
    ...untranslated(english, files, catalog.locales),
  ];
}

// A text that is said anew in one language would stand beside the old one in the others.
function untranslated(
  english: Readonly<Record<string, Entry>>,
  files: readonly { readonly name: string; readonly entries: Readonly<Record<string, Entry>> }[],
  locales: readonly string[],
): readonly ThemeProblem[] {
  return locales
    .filter((locale) => locale !== 'en')
    .flatMap((locale) => {
      const entries = files.find(({ name }) => name === `${locale}.json`)?.entries ?? {};
      const missing = Object.keys(english).filter((key) => !(key in entries));
      return missing.length === 0
        ? []
        : [{ level: 'warning' as const, text: `locales/${locale}.json lacks ${missing.map((key) => `"${key}"`).join(', ')}.` }];
    });
}

function textProblem(file: string, key: string, entry: Entry, original: Entry | undefined, id: string): ThemeProblem[] {
  if (original === undefined)
    return key.startsWith(`${id}.`)
      ? []
      : [{ level: 'warning', text: `locales/${file}: there is no text "${key}"; texts of the theme's own begin with "${id}.".` }];
  const [mine, theirs] = [parametersOf(entry), parametersOf(original)];
  const unknown = mine.filter((name) => !theirs.includes(name));
  const missing = theirs.filter((name) => !mine.includes(name) && name !== 'count');
  if (unknown.length + missing.length === 0) return [];
  const parts = [
    ...(unknown.length === 0 ? [] : [`has ${shown(unknown)}, which the desk does not fill`]),
    ...(missing.length === 0 ? [] : [`lacks ${shown(missing)}`]),
  ];
  return [{ level: 'warning', text: `locales/${file}: "${key}" ${parts.join(' and ')}.` }];
}

function parametersOf(entry: Entry): readonly string[] {
  const texts = typeof entry === 'string' ? [entry] : Object.values(entry);
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)))];
}

function shown(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
