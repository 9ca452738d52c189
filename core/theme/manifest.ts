import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { coreFolder } from '../paths.ts';

/** A text, or one per language with at least English. */
export type Texts = string | Readonly<Record<string, string>>;

interface OptionBase {
  readonly title: Texts;
  readonly help?: Texts;
  readonly group?: string;
}

/** Something about a theme that an administrator can change without touching a file. */
export type ThemeOption = OptionBase &
  (
    | { readonly type: 'text'; readonly default?: Texts; readonly maxLength?: number; readonly format?: 'url' }
    | { readonly type: 'color'; readonly default: string; readonly property?: string }
    | NumberOption
    | { readonly type: 'boolean'; readonly default: boolean; readonly property?: string }
    | { readonly type: 'enum'; readonly default: string; readonly values: readonly EnumValue[] }
    | { readonly type: 'image'; readonly property?: string }
  );

interface NumberOption {
  readonly type: 'number';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly step?: number;
  readonly unit?: string;
  readonly property?: string;
}

interface EnumValue {
  readonly value: string;
  readonly title: Texts;
  /** Custom properties that this value sets, such as those of a palette. */
  readonly properties?: Readonly<Record<string, string>>;
}

export type ThemeOptions = Readonly<Record<string, ThemeOption>>;

/** `theme.json` of a theme. */
export interface ThemeManifest {
  readonly title: Texts;
  readonly description?: Texts;
  readonly version: string;
  readonly author?: string;
  readonly extends?: string;
  readonly groups?: readonly { readonly id: string; readonly title: Texts }[];
  readonly options?: ThemeOptions;
}

export interface ManifestResult {
  /** Absent while there are problems. */
  readonly manifest?: ThemeManifest;
  readonly problems: readonly string[];
  /** What is there and means nothing. */
  readonly warnings: readonly string[];
}

const schema: object = JSON.parse(readFileSync(path.join(coreFolder, 'theme/theme.schema.json'), 'utf8')) as object;
const validate = new Ajv({ allErrors: true, strict: false }).compile<ThemeManifest>(schema);

/** Reads `theme.json` against its published schema, with a sentence for each thing that is wrong. */
export function readThemeManifest(folder: string): ManifestResult {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path.join(folder, 'theme.json'), 'utf8'));
  } catch (error) {
    return wrong([error instanceof SyntaxError ? 'theme.json is not JSON.' : 'theme.json is missing.']);
  }
  const errors = validate(parsed) ? [] : (validate.errors ?? []);
  const [strange, wrongs] = [errors.filter(isStrange), errors.filter((error) => !isStrange(error))];
  if (wrongs.length > 0) return wrong(sentences(wrongs));
  // Whatever the schema says of a theme has been seen to be so; later versions may say more at the top.
  const manifest = parsed as ThemeManifest;
  const problems = Object.entries(manifest.options ?? {}).flatMap(([name, option]) => inconsistencies(manifest, name, option));
  return problems.length > 0 ? wrong(problems) : { manifest, problems: [], warnings: sentences(strange) };
}

/** The text in a language, else in English. */
export function textIn(texts: Texts | undefined, locale: string): string {
  if (texts === undefined || typeof texts === 'string') return texts ?? '';
  return texts[locale] ?? texts[locale.split('-')[0] ?? locale] ?? texts['en'] ?? '';
}

function wrong(problems: readonly string[]): ManifestResult {
  return { problems, warnings: [] };
}

function isStrange({ keyword, instancePath }: ErrorObject): boolean {
  return keyword === 'additionalProperties' && instancePath === '';
}

function sentences(errors: readonly ErrorObject[]): readonly string[] {
  const said = errors
    .filter(({ keyword }) => keyword !== 'if')
    .map((error) => {
      const place = error.instancePath.slice(1).replaceAll('/', '.');
      const where = place === '' ? '' : `"${place}" `;
      if (error.keyword === 'additionalProperties')
        return `theme.json: ${where}${where === '' ? '' : 'holds '}"${String(error.params['additionalProperty'])}", which means nothing to the desk.`;
      if (error.keyword === 'required')
        return `theme.json: ${where}${where === '' ? 'it ' : ''}lacks "${String(error.params['missingProperty'])}".`;
      if (error.keyword === 'enum')
        return `theme.json: ${where}must be one of ${(error.params['allowedValues'] as readonly unknown[]).join(', ')}.`;
      if (error.keyword === 'maxProperties') return `theme.json: a theme has at most ${String(error.params['limit'])} options.`;
      return `theme.json: ${where}${error.message ?? 'is wrong'}.`;
    });
  return [...new Set(said)];
}

function inconsistencies(manifest: ThemeManifest, name: string, option: ThemeOption): readonly string[] {
  const say = (text: string): string => `theme.json: "options.${name}" ${text}.`;
  return [
    ...(option.group !== undefined && manifest.groups?.some(({ id }) => id === option.group) !== true
      ? [say(`names the group "${option.group}", which is not among "groups"`)]
      : []),
    ...(option.type === 'number' && (option.default < option.minimum || option.default > option.maximum)
      ? [say('has a default outside its range')]
      : []),
    ...(option.type === 'enum' && !option.values.some(({ value }) => value === option.default)
      ? [say('has a default that is not among its values')]
      : []),
  ];
}
