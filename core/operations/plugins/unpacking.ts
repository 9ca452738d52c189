import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Invalid } from '../../kernel/errors.ts';
import { readArchive, type PackedFile, type TarEntry } from './tar.ts';

/** How many bytes a plugin may have, packed or unpacked. */
export const maxBytes = 50 * 1024 * 1024;
const maxEntries = 2000;
const maxRatio = 100;

/**
 * The files of an archive by their names in the folder that holds its manifest; nothing is written.
 *
 * @throws Invalid `archive.*` for whatever a plugin has no need of.
 */
export function unpack(packed: Uint8Array, manifest = 'package.json'): readonly PackedFile[] {
  if (packed.length > maxBytes) throw refused('too-large', 'The archive has more than 50 MB.');
  const { size, entries } = readArchive(packed, maxBytes);
  if (entries.length > maxEntries) throw refused('too-many', `The archive holds ${entries.length} entries; ${maxEntries} is the most.`);
  if (size > packed.length * maxRatio) throw refused('ratio', `The archive unpacks to more than ${maxRatio} times its size.`);
  for (const entry of entries) checkEntry(entry);
  const files = entries.filter(({ kind }) => kind === 'file');
  checkNames(files);
  return withoutTop(files, manifest);
}

/** Writes what `unpack` accepts into a new folder. @throws Invalid `archive.*` before anything is written. */
export function unpackInto(folder: string, packed: Uint8Array): void {
  for (const { name, content } of unpack(packed)) {
    const file = path.join(folder, name);
    const inside = path.relative(folder, file);
    if (inside.startsWith('..') || path.isAbsolute(inside)) throw refused('outside', `${name} leads outside.`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { flag: 'wx' });
  }
}

/** How many bytes the files of a folder have together. */
export function unpackedSize(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
}

function checkEntry({ name, kind }: TarEntry): void {
  if (kind === 'link') throw refused('link', `The archive holds a link, ${shown(name)}.`);
  if (kind === 'other') throw refused('special', `The archive holds something that is neither file nor folder, ${shown(name)}.`);
  if (/^[/\\]|^[A-Za-z]:/.test(name)) throw refused('absolute', `The archive holds an absolute path, ${shown(name)}.`);
  const segments = (kind === 'folder' ? name.replace(/\/$/, '') : name).split('/');
  if (segments.includes('..')) throw refused('outside', `The archive holds a path that leads outside, ${shown(name)}.`);
  // eslint-disable-next-line no-control-regex
  if (segments.some((one) => one === '' || one === '.') || /[\\:\u0000-\u001f]/.test(name))
    throw refused('name', `The archive holds a name that cannot be used, ${shown(name)}.`);
}

// On a disk that does not tell capitals apart the later file would replace the earlier one after it was looked at.
function checkNames(files: readonly PackedFile[]): void {
  const seen = new Map<string, { readonly name: string; readonly isFile: boolean }>();
  for (const { name } of files) {
    const segments = name.split('/');
    for (const index of segments.keys()) {
      const part = segments.slice(0, index + 1).join('/');
      const isFile = index === segments.length - 1;
      const key = part.normalize('NFC').toLowerCase();
      const before = seen.get(key);
      if (before !== undefined && (before.name !== part || before.isFile || isFile))
        throw refused('duplicate', `The archive holds ${shown(before.name)} and ${shown(part)}, which are one name on some disks.`);
      seen.set(key, { name: part, isFile });
    }
  }
}

/** The one folder that everything in an archive lies in, if there is one. */
export function topOf(packed: Uint8Array): string | undefined {
  const tops = new Set(readArchive(packed, maxBytes).entries.map(({ name }) => (name.includes('/') ? (name.split('/')[0] ?? '') : '')));
  const [top] = tops;
  return tops.size === 1 && top !== '' ? top : undefined;
}

// npm packs everything under `package/`; others name the folder after the plugin or theme.
function withoutTop(files: readonly PackedFile[], manifest: string): readonly PackedFile[] {
  if (files.some(({ name }) => name === manifest)) return files;
  const top = `${files[0]?.name.split('/')[0] ?? ''}/`;
  if (!files.some(({ name }) => name === `${top}${manifest}`) || !files.every(({ name }) => name.startsWith(top)))
    throw refused('layout', `The archive cannot be used: ${manifest} lies neither at the top nor in the one folder there.`);
  return files.map(({ name, content }) => ({ name: name.slice(top.length), content }));
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}

function refused(reason: string, message: string): Invalid {
  return new Invalid(`archive.${reason}`, { message });
}
