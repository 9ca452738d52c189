const known = new Map<string, string>();

/** What a language is called in itself: `Türkçe`. */
export function languageName(locale: string): string {
  const name = known.get(locale) ?? nameOf(locale);
  known.set(locale, name);
  return name;
}

function nameOf(locale: string): string {
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}
