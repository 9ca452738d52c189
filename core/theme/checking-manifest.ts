import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ThemeProblem } from './problem.ts';

const known = ['title', 'description', 'version', 'author', 'options'];
const optionTypes = ['string', 'integer', 'number', 'boolean'];
const maxOptions = 20;

/** Checks a theme's theme.json. */
export function checkManifest(folder: string): readonly ThemeProblem[] {
  let source: string;
  try {
    source = readFileSync(path.join(folder, 'theme.json'), 'utf8');
  } catch {
    return [{ level: 'fatal', text: 'theme.json is missing.' }];
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(source);
  } catch {
    return [{ level: 'fatal', text: 'theme.json is not JSON.' }];
  }
  if (!isRecord(manifest)) return [{ level: 'fatal', text: 'theme.json is not an object.' }];
  return [...wrongFields(manifest), ...strangeFields(manifest)];
}

function wrongFields(manifest: Readonly<Record<string, unknown>>): ThemeProblem[] {
  const { title, description, version, author, options } = manifest;
  return [
    ...(typeof title === 'string' && title.trim() !== '' ? [] : ['"title" must be a text.']),
    ...(typeof version === 'string' && /^\d+\.\d+\.\d+/.test(version) ? [] : ['"version" must be a version such as 1.0.0.']),
    ...(description === undefined || typeof description === 'string' ? [] : ['"description" must be a text.']),
    ...(author === undefined || typeof author === 'string' ? [] : ['"author" must be a text.']),
    ...(options === undefined ? [] : wrongOptions(options)),
  ].map((text) => ({ level: 'fatal', text: `theme.json: ${text}` }));
}

function wrongOptions(options: unknown): string[] {
  const properties = isRecord(options) && options['type'] === 'object' ? options['properties'] : undefined;
  if (!isRecord(properties)) return ['"options" must be an object with "type": "object" and "properties".'];
  const entries = Object.entries(properties);
  return [
    ...(entries.length > maxOptions ? [`a theme has at most ${maxOptions} options, not ${entries.length}.`] : []),
    ...entries
      .filter(([, option]) => !isRecord(option) || !optionTypes.includes(String(option['type'])))
      .map(([name]) => `the option "${name}" must have one of the types ${optionTypes.join(', ')}.`),
  ];
}

function strangeFields(manifest: object): ThemeProblem[] {
  return Object.keys(manifest)
    .filter((key) => !known.includes(key))
    .map((key) => ({ level: 'warning', text: `theme.json: "${key}" means nothing to the desk.` }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
