import { isSafeUrl } from '../ui/url.ts';
import { textIn, type ThemeOption, type ThemeOptions } from './manifest.ts';

/** A text, a colour as `#rrggbb`, a number, a switch, a word of the option's own, or the id of a stored image (0: none). */
export type OptionValue = string | number | boolean;
/** What an administrator chose; options that are left as they are have no value. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

const defaultMaxLength = 200;
// Schemes that run something. Browsers pass over white space and control characters within the name.
const running = /^(javascript|data|vbscript):/i;

/**
 * The values that fit their options, and the names of those that do not. Names that no option has are kept
 * out of both: a child theme that loses an option must not fail by its old value.
 */
export function fitValues(
  options: ThemeOptions,
  raw: Readonly<Record<string, unknown>>,
): { values: OptionValues; wrong: readonly string[] } {
  const values = new Map<string, OptionValue>();
  const wrong: string[] = [];
  for (const [name, option] of Object.entries(options)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined;
    if (given === undefined) continue;
    const value = fit(option, given);
    if (value === undefined) wrong.push(name);
    else values.set(name, value);
  }
  return { values: Object.fromEntries(values), wrong };
}

function fit(option: ThemeOption, given: unknown): OptionValue | undefined {
  switch (option.type) {
    case 'text':
      return typeof given === 'string' ? fitText(option, given.trim()) : undefined;
    case 'color':
      return typeof given === 'string' && /^#[0-9a-f]{6}$/i.test(given) ? given.toLowerCase() : undefined;
    case 'number': {
      const number = typeof given === 'number' ? given : typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
      return number >= option.minimum && number <= option.maximum ? number : undefined;
    }
    case 'boolean':
      return typeof given === 'boolean' ? given : undefined;
    case 'enum':
      return option.values.find(({ value }) => value === given)?.value;
    case 'image':
      return typeof given === 'number' && Number.isSafeInteger(given) && given >= 0 ? given : undefined;
  }
}

function fitText(option: Extract<ThemeOption, { type: 'text' }>, text: string): string | undefined {
  if (text.length > (option.maxLength ?? defaultMaxLength) || /[\p{Cc}\u2028\u2029]/u.test(text)) return undefined;
  if (option.format === 'url' && text !== '' && !isSafeUrl(text)) return undefined;
  return running.test(text.replaceAll(/[\s\p{Cf}]/gu, '')) ? undefined : text;
}

/** What an option has while nobody chose anything. */
export function defaultOf(option: ThemeOption, locale: string): OptionValue {
  if (option.type === 'image') return 0;
  return option.type === 'text' ? textIn(option.default, locale) : option.default;
}

export function imageUrl(id: number): string {
  return `/theme/images/${id}`;
}

/** The ids of the images among the values. */
export function imagesIn(options: ThemeOptions, values: OptionValues): readonly number[] {
  return Object.entries(options).flatMap(([name, { type }]) => {
    const value = values[name];
    return type === 'image' && typeof value === 'number' && value > 0 ? [value] : [];
  });
}

/** What templates find at `@theme`: every option's value in the reader's language; images are addresses, or empty. */
export function templateValues(options: ThemeOptions, values: OptionValues, locale: string): Readonly<Record<string, OptionValue>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const value = values[name] ?? defaultOf(option, locale);
      return [name, option.type === 'image' ? (value === 0 ? '' : imageUrl(Number(value))) : value];
    }),
  );
}

/** The custom properties that options give to styles. Nothing in them is text that somebody typed. */
export function customProperties(options: ThemeOptions, values: OptionValues): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]): readonly (readonly [string, string])[] => {
      if (option.type === 'text') return [];
      const value = values[name] ?? defaultOf(option, 'en');
      if (option.type === 'enum') return Object.entries(option.values.find((one) => one.value === value)?.properties ?? {});
      const property = propertyOf(name, option);
      if (option.type === 'number') return [[property, `${String(value)}${option.unit ?? ''}`]];
      if (option.type === 'boolean') return [[property, value === true ? '1' : '0']];
      if (option.type === 'image') return [[property, value === 0 ? 'none' : `url("${imageUrl(Number(value))}")`]];
      return [[property, String(value)]];
    }),
  );
}

/** The custom property that gets an option's value: its own, or one named after it. */
export function propertyOf(name: string, option: ThemeOption): string {
  return 'property' in option && option.property !== undefined ? option.property : `--theme-${kebab(name)}`;
}

/** Attributes of the page's root by which styles can tell switches and choices apart: `data-theme-hero="wide"`. */
export function rootAttributes(options: ThemeOptions, values: OptionValues): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) =>
      option.type === 'enum' || option.type === 'boolean'
        ? [[`data-theme-${kebab(name)}`, String(values[name] ?? option.default)] as const]
        : [],
    ),
  );
}

export function optionStylesheet(options: ThemeOptions, values: OptionValues): string {
  const lines = Object.entries(customProperties(options, values)).map(([property, value]) => `    ${property}: ${value};\n`);
  return `@layer theme {\n  :root {\n${lines.join('')}  }\n}\n`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
