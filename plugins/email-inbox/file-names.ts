const devices = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)/i;
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const maxBytes = 200;

const extensions: ReadonlyMap<string, string> = new Map([
  ['message/rfc822', 'eml'],
  ['text/plain', 'txt'],
  ['text/html', 'html'],
  ['text/calendar', 'ics'],
  ['text/csv', 'csv'],
  ['text/vcard', 'vcf'],
  ['text/x-vcard', 'vcf'],
  ['image/jpeg', 'jpg'],
  ['image/svg+xml', 'svg'],
  ['application/pdf', 'pdf'],
  ['application/zip', 'zip'],
  ['application/msword', 'doc'],
  ['application/ms-tnef', 'dat'],
  ['message/delivery-status', 'txt'],
  ['text/rfc822-headers', 'txt'],
]);

/**
 * A name that is safe to show and to offer for download (mail.md A2): the last path part in NFC, at most 200 bytes,
 * without control, bidi or zero-width characters, without characters Windows refuses, never hidden, never a device.
 * It is not a storage path; files are stored under generated keys. Without a usable name: `attachment.<extension>`.
 */
export function cleanFilename(name: string | undefined, contentType: string): string {
  const base =
    (name ?? '')
      .replaceAll('\\', '/')
      .normalize('NFC')
      .replace(invisible, '')
      .split('/')
      .findLast((part) => part.trim() !== '') ?? '';
  const plain = base
    .replace(/^[a-z]:(?=.)/i, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+/, '')
    .replace(/[\s.]+$/, '');
  if (plain === '') return `attachment.${extensionFor(contentType)}`;
  return shorten(devices.test(plain) ? `_${plain}` : plain);
}

function extensionFor(contentType: string): string {
  const known = extensions.get(contentType);
  if (known !== undefined) return known;
  const subtype = /^(?:image|audio|video)\/([a-z0-9]{2,5})$/.exec(contentType)?.[1];
  return subtype ?? 'bin';
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 12 ? name.slice(dot) : '';
  const room = maxBytes - Buffer.byteLength(extension);
  let stem = '';
  let size = 0;
  for (const char of name.slice(0, name.length - extension.length)) {
    size += Buffer.byteLength(char);
    if (size > room) break;
    stem += char;
  }
  return stem.trimEnd() + extension;
}
