import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from './errors.ts';
import { type FoundPlugin, readManifest } from './manifest.ts';
import { sentenceOf } from './sentence.ts';

/** A folder that holds one folder per plugin. */
export interface PluginRoot {
  readonly folder: string;
  /** Only while developing: a link can be pointed elsewhere after it was checked. */
  readonly allowsLinks?: boolean;
}

export interface BrokenFolder {
  readonly folder: string;
  readonly code: string;
  /** One sentence for an administrator. */
  readonly message: string;
}

export interface Discovery {
  readonly plugins: readonly FoundPlugin[];
  readonly broken: readonly BrokenFolder[];
}

/** Finds every plugin under `roots`; a broken folder is reported and never hides the others. An id found twice counts where it was found first. */
export async function discover(roots: readonly PluginRoot[]): Promise<Discovery> {
  const plugins = new Map<string, FoundPlugin>();
  const broken: BrokenFolder[] = [];
  for (const root of roots) {
    for (const entry of await foldersIn(root.folder)) {
      const folder = path.join(root.folder, entry.name);
      if (entry.isSymbolicLink() && root.allowsLinks !== true) {
        broken.push({ folder, code: 'discovery.link', message: `${entry.name} is a symbolic link; a plugin is a folder of its own.` });
        continue;
      }
      const found = await read(folder);
      if (!('manifest' in found)) {
        broken.push(found);
        continue;
      }
      const first = plugins.get(found.id);
      if (first === undefined) plugins.set(found.id, found);
      else
        broken.push({
          folder,
          code: 'discovery.duplicate',
          message: `${entry.name} has the id ${found.id}, which ${first.folder} has already.`,
        });
    }
  }
  return { plugins: [...plugins.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)), broken };
}

async function foldersIn(folder: string): Promise<readonly Dirent[]> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    // The data folder has no plugins before the first one is installed.
    return [];
  }
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function read(folder: string): Promise<FoundPlugin | BrokenFolder> {
  try {
    return await readManifest(folder);
  } catch (error) {
    if (error instanceof AppError) return { folder, code: error.code, message: sentenceOf(error) };
    return { folder, code: 'discovery.unreadable', message: `${path.basename(folder)} cannot be read: ${String(error)}` };
  }
}
