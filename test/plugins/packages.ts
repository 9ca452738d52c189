import { gzipSync } from 'node:zlib';
import { readPackage } from '#core/operations/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

/** A plugin as the archive that people upload. */
export function packed(parent: string, plugin: WrittenPlugin): Promise<Buffer> {
  return readPackage(writePlugin(parent, plugin));
}

/** One header and content of a hand-made tar. */
export interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly link?: string;
  readonly content?: Buffer | string;
  /** What the header says instead of the truth. */
  readonly size?: number;
}

/** A gzipped tar of exactly these entries, however hostile. */
export function hostileArchive(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ name, type = '0', link = '', content = '', size }) => {
    const body = Buffer.from(content);
    const head = Buffer.alloc(512);
    head.write(name, 0, 100);
    head.write('0000644\0', 100);
    head.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write(type, 156);
    head.write(link, 157, 100);
    head.write('ustar\u000000', 257, 'latin1');
    head.write('        ', 148);
    head.write(
      `${[...head]
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return [head, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}
