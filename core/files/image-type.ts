const magics: readonly { readonly type: string; readonly matches: (bytes: Buffer) => boolean }[] = [
  { type: 'image/png', matches: (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')) },
  { type: 'image/jpeg', matches: (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')) },
  { type: 'image/gif', matches: (bytes) => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)) },
  { type: 'image/webp', matches: (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP' },
];

/** The type of an image that browsers show without running anything (png, jpeg, gif, webp) by its first bytes, else undefined. */
export function imageTypeOf(content: Uint8Array): string | undefined {
  const head = Buffer.from(content.subarray(0, 16));
  return magics.find(({ matches }) => matches(head))?.type;
}

/** Whether an image is too small to be seen, as those are that only report that a mail was opened. */
export function isTinyImage(content: Uint8Array): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const size = sizeOf(bytes, imageTypeOf(content));
  return size !== undefined && size.width <= 2 && size.height <= 2;
}

function sizeOf(bytes: Buffer, type: string | undefined): { readonly width: number; readonly height: number } | undefined {
  if (type === 'image/png' && bytes.length >= 24) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (type === 'image/gif' && bytes.length >= 10) return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (type === 'image/jpeg') return jpegSize(bytes);
  return type === 'image/webp' ? webpSize(bytes) : undefined;
}

/** Walks the segments to the first frame header (ITU-T T.81 B.2.2). */
function jpegSize(bytes: Buffer): { readonly width: number; readonly height: number } | undefined {
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** The three forms of a WebP file (RFC 9649 section 2). */
function webpSize(bytes: Buffer): { readonly width: number; readonly height: number } | undefined {
  if (bytes.length < 30) return undefined;
  const form = bytes.toString('latin1', 12, 16);
  if (form === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (form === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  const bits = bytes.readUInt32LE(21);
  return form === 'VP8L' ? { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 } : undefined;
}
