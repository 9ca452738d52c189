/*
 * KS C 5601 holds 2,350 of the 11,172 Hangul syllables. Windows (code page 949, which Outlook calls ks_c_5601-1987) adds
 * the others, in the order of Unicode, on pairs of bytes that the older charset leaves free. Node 20 knows only the latter.
 */

const older = new TextDecoder('euc-kr');
const [firstSyllable, lastSyllable] = [0xac00, 0xd7a3];
let added: ReadonlyMap<number, string> | undefined;

/** Reads EUC-KR with the syllables that Windows added. */
export function decodeKorean(bytes: Uint8Array): string {
  added ??= addedSyllables();
  let text = '';
  let start = 0;
  for (let at = 0; at + 1 < bytes.length; at += 1) {
    const [lead = 0, trail = 0] = [bytes[at], bytes[at + 1]];
    const syllable = lead < 0x81 ? undefined : added.get(lead * 256 + trail);
    if (syllable !== undefined) {
      text += older.decode(bytes.subarray(start, at)) + syllable;
      start = at + 2;
    }
    if (lead >= 0x81 && (syllable !== undefined || trail >= 0x81)) at += 1;
  }
  return text + older.decode(bytes.subarray(start));
}

function addedSyllables(): ReadonlyMap<number, string> {
  const known = new Set<string>();
  for (let lead = 0xb0; lead <= 0xc8; lead += 1) {
    const row = Array.from({ length: 94 }, (_, index) => [lead, 0xa1 + index]).flat();
    for (const syllable of older.decode(Uint8Array.from(row))) known.add(syllable);
  }
  const syllables = new Map<number, string>();
  let code = firstSyllable;
  for (const pair of freePairs()) {
    while (known.has(String.fromCodePoint(code))) code += 1;
    if (code > lastSyllable) break;
    syllables.set(pair, String.fromCodePoint(code));
    code += 1;
  }
  return syllables;
}

function* freePairs(): Generator<number> {
  for (let lead = 0x81; lead <= 0xc6; lead += 1) {
    for (let trail = 0x41; trail <= 0xfe; trail += 1) {
      const isLetter = trail <= 0x5a || (trail >= 0x61 && trail <= 0x7a);
      const isHigh = trail >= 0x81 && (lead <= 0xa0 || trail <= 0xa0);
      if (isLetter || isHigh) yield lead * 256 + trail;
    }
  }
}
