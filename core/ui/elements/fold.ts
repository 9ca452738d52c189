/** How words are compared in the browser; the same rule as `core/i18n/fold.ts`. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ı', 'i');
}
