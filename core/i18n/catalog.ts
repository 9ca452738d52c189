import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A text, or its forms by the plural category of the parameter `count`. */
export type Entry = string | Readonly<Record<string, string>>;
type Entries = ReadonlyMap<string, Entry>;

/** All texts of all languages; English is complete and answers for what another language lacks. */
export interface Catalog {
  readonly locales: readonly string[];
  find(locale: string, key: string): Entry | undefined;
}

/**
 * Reads `<folder>/<locale>.json` from each folder; later folders win key by key, so a theme
 * overrides a plugin and a plugin adds to core.
 */
export function loadCatalog(folders: readonly string[]): Catalog {
  const byLocale = new Map<string, Map<string, Entry>>();
  for (const folder of folders) {
    for (const [locale, entries] of readFolder(folder)) {
      const known = byLocale.get(locale) ?? new Map<string, Entry>();
      for (const [key, entry] of entries) known.set(key, entry);
      byLocale.set(locale, known);
    }
  }
  return {
    locales: [...byLocale.keys()].toSorted(),
    find: (locale, key) => lookUp(byLocale, locale, key),
  };
}

function lookUp(byLocale: ReadonlyMap<string, ReadonlyMap<string, Entry>>, locale: string, key: string): Entry | undefined {
  const language = locale.split('-')[0] ?? locale;
  return byLocale.get(locale)?.get(key) ?? byLocale.get(language)?.get(key) ?? byLocale.get('en')?.get(key);
}

function readFolder(folder: string): [string, Entries][] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^[a-z]{2,3}(-[A-Za-z0-9]+)*\.json$/.test(name));
  return names.toSorted().map((name) => [name.slice(0, -'.json'.length), readEntries(path.join(folder, name))]);
}

const filesRead = new Map<string, { readonly version: string; readonly entries: Entries }>();

// Switching one plugin loads the texts of all of them, and hardly any file has changed since.
function readEntries(file: string): Entries {
  const { mtimeMs, size, ino } = statSync(file);
  const version = `${mtimeMs} ${size} ${ino}`;
  const before = filesRead.get(file);
  if (before?.version === version) return before.entries;
  const entries = parseEntries(file);
  filesRead.set(file, { version, entries });
  return entries;
}

/** @throws Error naming the file and key when a value is neither a text nor plural forms. */
function parseEntries(file: string): Entries {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isRecord(parsed)) throw new Error(`${file}: expected an object of texts.`);
  const entries = new Map<string, Entry>();
  for (const [key, value] of Object.entries(parsed)) {
    if (!isEntry(value)) throw new Error(`${file}: "${key}" must be a text or plural forms with "other".`);
    entries.set(key, value);
  }
  return entries;
}

function isEntry(value: unknown): value is Entry {
  if (typeof value === 'string') return true;
  return isRecord(value) && typeof value['other'] === 'string' && Object.values(value).every((form) => typeof form === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
