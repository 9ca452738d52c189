/** First letters of the first and last word: "Elif Korkmaz" is EK, "mina@…" is M. */
export function initialsOf(name: string, locale: string): string {
  const words = name.split('@')[0]?.match(/[\p{L}\p{N}]+/gu) ?? [];
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => Array.from(word ?? '')[0]?.toLocaleUpperCase(locale) ?? '').join('');
}

/** One of six tints, the same for a person on every page. */
export function toneOf(person: Readonly<Record<string, unknown>>): number {
  if (typeof person['tone'] === 'number') return person['tone'];
  const { id, name } = person;
  const text = typeof id === 'string' || typeof id === 'number' ? String(id) : typeof name === 'string' ? name : '';
  let sum = 0;
  for (const char of text) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return (sum % 6) + 1;
}
