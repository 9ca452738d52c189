import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadCatalog, type Entry } from '../i18n/index.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { coreLocales } from '../paths.ts';

/** Whether every language has every text with the same parameters, and every text a template prints exists (X8). */
export function checkTexts({ id, folder, manifest }: FoundPlugin): readonly string[] {
  if (manifest.locales === undefined) return [];
  const place = path.join(folder, manifest.locales);
  const languages = readdirSync(place).filter((name) => name.endsWith('.json'));
  const read = (name: string): Readonly<Record<string, Entry>> => JSON.parse(readFileSync(path.join(place, name), 'utf8'));
  if (!languages.includes('en.json')) return ['The texts lack en.json, which answers for what other languages lack.'];
  const english = read('en.json');
  const problems: string[] = [];
  for (const key of Object.keys(english))
    if (!ownKey(id, key)) problems.push(`en.json: "${key}" does not begin with "${id}." or a place of core.`);
  for (const name of languages.filter((one) => one !== 'en.json')) {
    const other = read(name);
    for (const [key, entry] of Object.entries(english)) {
      const translated = other[key];
      if (translated === undefined) problems.push(`${name} lacks "${key}"; English is shown instead.`);
      else if (parametersOf(entry) !== parametersOf(translated)) problems.push(`${name}: "${key}" has other parameters than in English.`);
    }
    for (const key of Object.keys(other)) if (!(key in english)) problems.push(`${name}: "${key}" has no English text.`);
  }
  const catalog = loadCatalog([...coreLocales, place]);
  for (const key of printedKeys(manifest.templates === undefined ? undefined : path.join(folder, manifest.templates)))
    if (catalog.find('en', key) === undefined) problems.push(`A template prints "${key}", which has no text.`);
  return problems;
}

// A plugin names what it adds to core's lists: its errors, settings, health sentences and the like.
function ownKey(id: string, key: string): boolean {
  return key.startsWith(`${id}.`) || /^(errors|settings|health|flash|permission|event|notification|flag)\./.test(key);
}

function parametersOf(entry: Entry): string {
  const texts = typeof entry === 'string' ? [entry] : Object.values(entry);
  const names = texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)).filter((name) => name !== 'count');
  return [...new Set(names)].toSorted().join(' ');
}

function printedKeys(folder: string | undefined): readonly string[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.hbs'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return [...new Set(sources.flatMap((source) => [...source.matchAll(/[{(](?:t|rich) "([^"]+)"/g)].map(([, key = '']) => key)))];
}
