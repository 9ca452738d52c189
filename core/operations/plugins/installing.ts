import { mkdirSync, mkdtempSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config.ts';
import { discover } from '../../kernel/discovery.ts';
import { Conflict, Invalid, NotFound, Refused } from '../../kernel/errors.ts';
import { readManifest, type FoundPlugin } from '../../kernel/manifest.ts';
import { sentenceOf } from '../../kernel/sentence.ts';
import { compareVersions, parseVersion } from '../../kernel/versions.ts';
import { linkCore } from '../linking-core.ts';
import { archiveOf, sha256 } from './packing.ts';
import type { PackedFile } from './tar.ts';
import { maxBytes, unpack } from './unpacking.ts';

type Places = Pick<Config, 'root' | 'data'>;

/** What was put into the data folder, and where it came from. */
export interface InstalledPlugin {
  readonly id: string;
  readonly version: string;
  readonly source: string;
  readonly sha256: string;
  readonly folder: string;
  /** Version whose files these replaced. */
  readonly replaced: string | undefined;
}

/**
 * Puts a plugin's files into the data folder without running any of its code.
 *
 * @throws NotFound, Invalid `archive.*` and `manifest.*`, Conflict `plugins.bundled` and `plugins.installed`.
 */
export async function installPlugin(places: Places, source: string): Promise<InstalledPlugin> {
  const packed = await read(source);
  const files = unpack(packed);
  const plugins = path.join(places.data, 'plugins');
  mkdirSync(plugins, { recursive: true });
  // Discovery passes over names with a dot, and a rename inside one folder is all or nothing.
  const staging = mkdtempSync(path.join(plugins, '.installing-'));
  try {
    const fresh = path.join(staging, 'new');
    for (const file of files) write(fresh, file);
    const { id, version } = await readManifest(fresh);
    const folder = path.join(plugins, id);
    const before = await replaceable(places, id, version);
    swap(fresh, folder, path.join(staging, 'old'));
    linkCore(places.data);
    return { id, version, source, sha256: sha256(packed), folder, replaced: before?.version };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Removes the files of an installed plugin; its tables stay. @throws NotFound, Refused `plugins.bundled`. */
export async function uninstallPlugin({ data }: Places, plugin: FoundPlugin | undefined, id: string): Promise<string> {
  if (plugin === undefined) throw new NotFound('plugins.not-found', { message: `There is no plugin ${id}.` });
  const plugins = path.join(data, 'plugins');
  const own = (await discover([{ folder: plugins }])).plugins.find((one) => one.folder === plugin.folder);
  if (own === undefined)
    throw new Refused('plugins.bundled', {
      message: `${id} was not installed: it came with the desk, in ${plugin.folder}. Deactivate it instead.`,
    });
  const aside = mkdtempSync(path.join(plugins, '.removing-'));
  renameSync(own.folder, path.join(aside, 'old'));
  rmSync(aside, { recursive: true, force: true });
  return own.folder;
}

async function read(source: string): Promise<Buffer> {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new NotFound('plugins.no-source', { message: `There is no file or folder ${source}.` });
  if (stat.isFile()) {
    if (stat.size > maxBytes) throw new Invalid('archive.too-large', { message: 'The archive has more than 50 MB.' });
    return readFileSync(source);
  }
  try {
    return archiveOf(await readManifest(source));
  } catch (error) {
    if (!(error instanceof Invalid) || error.code !== 'manifest.missing-file') throw error;
    throw new Invalid(
      error.code,
      { message: `${sentenceOf(error)} If it must be compiled first: helpdesk plugin pack ${source}` },
      { cause: error },
    );
  }
}

function write(folder: string, { name, content }: PackedFile): void {
  const file = path.join(folder, name);
  const inside = path.relative(folder, file);
  if (inside.startsWith('..') || path.isAbsolute(inside)) throw new Invalid('archive.outside', { message: `${name} leads outside.` });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { flag: 'wx' });
}

async function replaceable({ root, data }: Places, id: string, version: string): Promise<FoundPlugin | undefined> {
  const bundled = await discover([{ folder: path.join(root, 'plugins') }]);
  if (bundled.plugins.some((one) => one.id === id))
    throw new Conflict('plugins.bundled', { message: `${id} comes with the desk and is not installed over.` });
  const installed = (await discover([{ folder: path.join(data, 'plugins') }])).plugins.find((one) => one.id === id);
  if (installed === undefined) return undefined;
  if (path.basename(installed.folder) !== id)
    throw new Conflict('plugins.installed', { message: `${id} lies in ${installed.folder} already; remove it there first.` });
  const [mine, theirs] = [parseVersion(version), parseVersion(installed.version)];
  if (mine !== undefined && theirs !== undefined && compareVersions(mine, theirs) > 0) return installed;
  throw new Conflict('plugins.installed', {
    message: `${id} ${installed.version} is installed already; ${version} is ${version === installed.version ? 'the same' : 'older'}.`,
  });
}

function swap(fresh: string, folder: string, aside: string): void {
  const isReplacing = existsSync(folder);
  if (isReplacing) renameSync(folder, aside);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (isReplacing) renameSync(aside, folder);
    throw error;
  }
}
