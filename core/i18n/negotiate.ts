/** The offered language that `Accept-Language` (RFC 9110, section 12.5.4) likes best; the first one otherwise. */
export function negotiateLocale(acceptLanguage: string | undefined, offered: readonly string[]): string {
  const fallback = offered[0] ?? 'en';
  if (acceptLanguage === undefined) return fallback;
  for (const wanted of preferences(acceptLanguage)) {
    const match = offered.find((locale) => matches(locale, wanted));
    if (match !== undefined) return match;
  }
  return fallback;
}

function preferences(header: string): string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((part, index) => {
      const [tag = '', ...rest] = part.trim().split(';');
      const quality = rest.map((one) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(one)?.[1]).find((one) => one !== undefined);
      return { tag: tag.toLowerCase(), quality: Number(quality ?? 1), index };
    })
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.index - b.index)
    .map(({ tag }) => tag);
}

function matches(locale: string, wanted: string): boolean {
  const offered = locale.toLowerCase();
  return offered === wanted || offered.split('-')[0] === wanted.split('-')[0];
}
