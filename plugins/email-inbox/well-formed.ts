/** Valid Unicode without NUL, which is all that PostgreSQL stores (mail.md C3). */
export function wellFormed(text: string): string {
  // In unicode mode a surrogate matches only when it stands alone.
  return text.replaceAll('\0', '').replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
