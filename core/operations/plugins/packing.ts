import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Invalid } from '../../kernel/errors.ts';
import { readManifest, type FoundPlugin } from '../../kernel/manifest.ts';
import { isTypeScript } from './staging.ts';
import { writeArchive, type PackedFile } from './tar.ts';
import { maxBytes } from './unpacking.ts';

/** An archive that was written. */
export interface PackedPlugin {
  readonly id: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

const leftOut = /^(\.|node_modules$|test$|tests$|coverage$)|\.(tgz|log|tsbuildinfo|map)$|\.d\.ts$/;

/** Writes `<id>-<version>.tgz` of a built plugin folder into `out`. @throws Invalid `manifest.*`, `archive.*`. */
export async function packPlugin(folder: string, out: string): Promise<PackedPlugin> {
  const plugin = await readManifest(folder);
  const archive = archiveOf(plugin);
  const file = path.join(out, `${plugin.id}-${plugin.version}.tgz`);
  mkdirSync(out, { recursive: true });
  writeFileSync(file, archive);
  return { id: plugin.id, version: plugin.version, file, sha256: sha256(archive) };
}

/** What a built plugin folder looks like as an archive: sources that were compiled stay out. */
export function archiveOf(plugin: FoundPlugin): Buffer {
  const { folder } = plugin;
  const isWanted = isTypeScript(folder) ? wantedOf(plugin) : () => true;
  const files: PackedFile[] = [];
  let bytes = 0;
  for (const name of namesIn(folder, '').filter(isWanted)) {
    bytes += lstatSync(path.join(folder, name)).size;
    if (bytes > maxBytes) throw new Invalid('archive.too-large', { message: `${folder} holds more than 50 MB.` });
    files.push({ name, content: readFileSync(path.join(folder, name)) });
  }
  return writeArchive(files);
}

/** The SHA-256 of some bytes, in hexadecimal. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function wantedOf({ manifest }: FoundPlugin): (name: string) => boolean {
  const { icon, db, locales, templates, assets } = manifest;
  const places = ['dist', icon, db?.migrations, locales, templates, assets]
    .filter((place) => place !== undefined)
    .map((place) => path.posix.normalize(place).replace(/\/$/, ''));
  return (name) =>
    name === 'package.json' ||
    /^(readme|license|changelog)[^/]*$/i.test(name) ||
    places.some((one) => name === one || name.startsWith(`${one}/`));
}

function namesIn(root: string, under: string): readonly string[] {
  return readdirSync(path.join(root, under), { withFileTypes: true })
    .filter(({ name }) => !leftOut.test(name))
    .flatMap((entry) => {
      const name = path.posix.join(under, entry.name);
      if (entry.isDirectory()) return namesIn(root, name);
      if (!entry.isFile())
        throw new Invalid('archive.link', { message: `${name} is a link or something special; a plugin holds files only.` });
      return [name];
    });
}
