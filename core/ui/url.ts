/**
 * Whether an address may stand in a link: of the web, of mail or telephone, or a path or fragment of this
 * site. Browsers take `java\nscript:` for a scheme too, so anything with control characters is refused.
 */
export function isSafeUrl(url: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(url)) return false;
  return /^(https?:\/\/[^/]|mailto:|tel:|\/(?!\/)|[?#])/i.test(url) || url === '';
}
