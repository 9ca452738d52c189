/** Numbers that look random and are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const tokens = [
  '\r\n',
  '\n\n',
  '--',
  '=?utf-8?b?',
  '?=',
  '<',
  '>',
  '"',
  '(',
  ';',
  ':',
  '\0',
  '\u001b$B',
  '=3D',
  '--x--',
  'Content-Type: ',
  'boundary=',
];

/** A mail with a few pieces cut, doubled, swapped or replaced. */
export function mutate(raw: Uint8Array, random: () => number): Uint8Array {
  let bytes = Buffer.from(raw);
  const place = (): number => Math.floor(random() * (bytes.length + 1));
  for (let change = 0; change < 1 + random() * 6; change += 1) {
    const [start, end] = [place(), place()].toSorted((a, b) => a - b);
    const piece = bytes.subarray(start, Math.min(end ?? 0, (start ?? 0) + 200));
    const token = Buffer.from(tokens[Math.floor(random() * tokens.length)] ?? '');
    const kind = random();
    const between =
      kind < 0.25 ? Buffer.alloc(0) : kind < 0.5 ? Buffer.concat([piece, piece]) : kind < 0.75 ? token : Buffer.from(piece).reverse();
    bytes = Buffer.concat([bytes.subarray(0, start), between, bytes.subarray((start ?? 0) + piece.length)]);
  }
  return new Uint8Array(bytes);
}
