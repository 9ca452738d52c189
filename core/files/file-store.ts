import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Transform, type Readable } from 'node:stream';
import { systemClock } from '../kernel/clock.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';

export interface StoredBlob {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Content-addressed files on disk. A blob is complete and synced before its hash is returned, so a
 * row never points at half a file.
 */
export class FileStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws Invalid `files.too-large` when the stream holds more than `maxBytes`; nothing is kept then. */
  async put(content: Readable | Uint8Array, maxBytes = Number.POSITIVE_INFINITY): Promise<StoredBlob> {
    const staging = path.join(this.folder, 'tmp', randomUUID());
    await mkdir(path.dirname(staging), { recursive: true });
    const hash = createHash('sha256');
    let size = 0;
    try {
      if (content instanceof Uint8Array) {
        size = content.byteLength;
        if (size > maxBytes) throw new Invalid('files.too-large', { maxBytes });
        hash.update(content);
        const file = await open(staging, 'wx', 0o600);
        await file.writeFile(content);
        await file.sync();
        await file.close();
      } else {
        const meter = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            size += chunk.length;
            if (size > maxBytes) return done(new Invalid('files.too-large', { maxBytes }));
            hash.update(chunk);
            done(null, chunk);
          },
        });
        await pipeline(content, meter, createWriteStream(staging, { flags: 'wx', mode: 0o600, flush: true }));
      }
      const sha256 = hash.digest('hex');
      await this.moveIn(staging, sha256);
      return { sha256, size };
    } finally {
      await rm(staging, { force: true });
    }
  }

  /** @throws NotFound `files.missing` when the blob is not on disk. */
  async open(sha256: string): Promise<Readable> {
    return createReadStream(await this.placeOf(sha256));
  }

  async read(sha256: string): Promise<Buffer> {
    return readFile(this.pathOf(sha256)).catch((cause: unknown) => {
      throw new NotFound('files.missing', { sha256 }, { cause });
    });
  }

  /** Its first bytes, at most `count`. */
  async head(sha256: string, count: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(await this.placeOf(sha256), { end: count - 1 })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** Milliseconds since the blob was last put, by the machine's clock as disks have it; undefined when it is not there. */
  async ageOf(sha256: string): Promise<number | undefined> {
    const found = await stat(this.pathOf(sha256)).catch(() => undefined);
    return found === undefined ? undefined : systemClock.now() - Math.floor(found.mtimeMs);
  }

  /** Deletes a blob that no row names any more; nothing happens when it is not there. */
  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new NotFound('files.missing', { sha256 });
    return path.join(this.folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  }

  private async placeOf(sha256: string): Promise<string> {
    const file = this.pathOf(sha256);
    await access(file).catch((cause: unknown) => {
      throw new NotFound('files.missing', { sha256 }, { cause });
    });
    return file;
  }

  private async moveIn(staging: string, sha256: string): Promise<void> {
    const target = this.pathOf(sha256);
    await mkdir(path.dirname(target), { recursive: true });
    await rename(staging, target);
    const folder = await open(path.dirname(target), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
