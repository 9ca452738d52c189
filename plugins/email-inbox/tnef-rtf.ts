const prebuffer =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier' +
  '{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx';
const maxSize = 20 * 1024 * 1024;

/** Expands compressed RTF (MS-OXRTFCP section 2.1); undefined when the header is damaged. Output stops at 20 MiB. */
export function expandRtf(data: Uint8Array): Uint8Array | undefined {
  if (data.length < 16) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = Math.min(view.getUint32(4, true), maxSize);
  const magic = view.getUint32(8, true);
  if (magic === 0x414c454d) return data.slice(16, 16 + size);
  if (magic !== 0x75465a4c) return undefined;

  const window = new Uint8Array(4096).fill(0x20);
  window.set(Buffer.from(prebuffer, 'latin1'));
  const output: number[] = [];
  let place = prebuffer.length;
  const emit = (byte: number): void => {
    output.push(byte);
    window[place] = byte;
    place = (place + 1) % 4096;
  };
  let at = 16;
  while (at < data.length && output.length < size) {
    const control = data[at] ?? 0;
    at += 1;
    for (let bit = 0; bit < 8 && at < data.length && output.length < size; bit += 1) {
      if ((control & (1 << bit)) === 0) {
        emit(data[at] ?? 0);
        at += 1;
      } else {
        const token = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
        at += 2;
        const offset = token >> 4;
        if (offset === place) return Uint8Array.from(output);
        for (let index = 0; index < (token & 15) + 2; index += 1) emit(window[(offset + index) % 4096] ?? 0);
      }
    }
  }
  return Uint8Array.from(output);
}
