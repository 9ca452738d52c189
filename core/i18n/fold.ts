/**
 * The form in which texts are compared and searched.
 *
 * Lower-casing alone is not enough: Turkish "İADE" becomes "i" plus a combining dot, which is
 * not a letter, and "ı" never meets "I". Dropping marks and the dotless i makes them meet.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ı', 'i')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l');
}
