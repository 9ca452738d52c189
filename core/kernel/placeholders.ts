import { Invalid } from './errors.ts';

/*
 * Texts that administrators write for mails may name values: `{{customer.name}}`, or with words for when there is
 * none: `{{customer.name|customer}}`. That is the whole language: no code runs, and what a value says is text.
 */

const shape = /\{\{\s{0,10}([a-z][a-z0-9.-]{0,60})\s{0,10}(?:\|([^{}]{0,200}))?\}\}/g;

/** The placeholders of a text that are not among the known ones; a brace pair that names none is returned as it stands. */
export function unknownPlaceholders(text: string, known: readonly string[]): readonly string[] {
  const named = [...text.matchAll(shape)].map(([, name = '']) => name).filter((name) => !known.includes(name));
  const broken = text.replaceAll(shape, '').match(/\{\{.{0,40}|.{0,40}\}\}/);
  return [...new Set([...named, ...(broken === null ? [] : [broken[0].trim()])])];
}

/**
 * The text with its values, as plain text: whoever makes HTML of it escapes it as any other. A missing value is
 * the placeholder's own words, or its name in brackets where it has none, so that the gap is seen.
 */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(shape, (_whole, name: string, otherwise: string | undefined) => {
    const value = Object.hasOwn(values, name) ? values[name]?.trim() : undefined;
    if (value !== undefined && value !== '') return value;
    return otherwise?.trim() ?? `[${name}]`;
  });
}

/** @throws Invalid `placeholders.unknown` naming what is not known and what is. */
export function refuseUnknownPlaceholders(text: string, known: readonly string[], field: string): void {
  const unknown = unknownPlaceholders(text, known);
  if (unknown.length === 0) return;
  throw new Invalid('placeholders.unknown', { unknown: unknown.join(', '), known: listPlaceholders(known), fields: [field] });
}

/** The placeholders as they are typed, for the help of a field. */
export function listPlaceholders(known: readonly string[]): string {
  return known.map((name) => `{{${name}}}`).join(', ');
}
