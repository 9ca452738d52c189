import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config.ts';
import { discover } from '../../kernel/discovery.ts';
import { Conflict, Invalid, NotFound, Refused } from '../../kernel/errors.ts';
import { readManifest, type FoundPlugin } from '../../kernel/manifest.ts';
import { sentenceOf } from '../../kernel/sentence.ts';
import { compareVersions, parseVersion } from '../../kernel/versions.ts';
import { linkCore } from '../linking-core.ts';
import { archiveOf, sha256 } from './packing.ts';
import { maxBytes, unpackInto } from './unpacking.ts';

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

/** A last look at what was unpacked, before any file changes place; it refuses by throwing. */
export type Approve = (fresh: FoundPlugin, before: FoundPlugin | undefined) => Promise<void>;

/** The archive behind a file or a folder. @throws NotFound, Invalid `archive.*` and `manifest.*`. */
export async function readPackage(source: string): Promise<Buffer> {
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

/**
 * Puts a plugin's files into the data folder without running any of its code. The version before is
 * kept aside until the next change, so that it can be put back.
 *
 * @throws Invalid `archive.*` and `manifest.*`, Conflict `plugins.bundled` and `plugins.installed`.
 */
export async function installPackage(
  places: Places,
  packed: Buffer,
  { source, approve }: { readonly source: string; readonly approve?: Approve },
): Promise<InstalledPlugin> {
  const plugins = path.join(places.data, 'plugins');
  mkdirSync(plugins, { recursive: true });
  // Discovery passes over names with a dot, and a rename inside one folder is all or nothing.
  const staging = mkdtempSync(path.join(plugins, '.installing-'));
  try {
    const fresh = path.join(staging, 'new');
    unpackInto(fresh, packed);
    const found = await readManifest(fresh);
    const { id, version } = found;
    const before = await versionBefore(places, found);
    linkCore(places.data);
    await approve?.(found, before);
    const checksum = sha256(packed);
    // Node keeps a module by its address, so another version needs another folder to be read anew.
    const folder = path.join(plugins, before === undefined ? id : `${id}@${version}-${checksum.slice(0, 8)}`);
    swap(fresh, folder, before === undefined ? undefined : { folder: before.folder, aside: asideOf(places, id) });
    return { id, version, source, sha256: checksum, folder, replaced: before?.version };
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
  rmSync(asideOf({ data }, id), { recursive: true, force: true });
  return own.folder;
}

/** Puts the version that was replaced last back in the place of this one; false when none was kept. */
export function putBackPlugin(places: Pick<Places, 'data'>, { id, folder }: FoundPlugin): boolean {
  const aside = asideOf(places, id);
  const [name] = existsSync(aside) ? readdirSync(aside) : [];
  if (name === undefined || path.dirname(folder) !== path.join(places.data, 'plugins')) return false;
  const failed = mkdtempSync(path.join(places.data, 'plugins', '.removing-'));
  renameSync(folder, path.join(failed, 'new'));
  renameSync(path.join(aside, name), path.join(places.data, 'plugins', name));
  rmSync(failed, { recursive: true, force: true });
  rmSync(aside, { recursive: true, force: true });
  return true;
}

function asideOf({ data }: Pick<Places, 'data'>, id: string): string {
  return path.join(data, 'plugins', '.previous', id);
}

/** What installing would take the place of. @throws Conflict `plugins.bundled`, and `plugins.installed` unless it is older. */
export async function versionBefore({ root, data }: Places, { id, version }: FoundPlugin): Promise<FoundPlugin | undefined> {
  const bundled = await discover([{ folder: path.join(root, 'plugins') }]);
  if (bundled.plugins.some((one) => one.id === id))
    throw new Conflict('plugins.bundled', { message: `${id} comes with the desk and is not installed over.` });
  const installed = (await discover([{ folder: path.join(data, 'plugins') }])).plugins.find((one) => one.id === id);
  if (installed === undefined) return undefined;
  if (path.basename(installed.folder) !== id && !path.basename(installed.folder).startsWith(`${id}@`))
    throw new Conflict('plugins.installed', { message: `${id} lies in ${installed.folder} already; remove it there first.` });
  const [mine, theirs] = [parseVersion(version), parseVersion(installed.version)];
  if (mine !== undefined && theirs !== undefined && compareVersions(mine, theirs) > 0) return installed;
  throw new Conflict('plugins.installed', {
    message: `${id} ${installed.version} is installed already; ${version} is ${version === installed.version ? 'the same' : 'older'}.`,
  });
}

function swap(fresh: string, folder: string, before: { readonly folder: string; readonly aside: string } | undefined): void {
  if (before === undefined) return renameSync(fresh, folder);
  rmSync(before.aside, { recursive: true, force: true });
  mkdirSync(before.aside, { recursive: true });
  const kept = path.join(before.aside, path.basename(before.folder));
  renameSync(before.folder, kept);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    renameSync(kept, before.folder);
    throw error;
  }
}
