import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config.ts';
import { Conflict, Invalid, NotFound, Refused } from '../../kernel/errors.ts';
import { compareVersions, parseVersion } from '../../kernel/versions.ts';
import { isThemeId, readTheme, readThemeIn, refuseFatal, themeFolder } from '../../theme/index.ts';
import type { PackedFile } from '../plugins/tar.ts';
import { maxBytes, topOf, unpack } from '../plugins/unpacking.ts';

export interface InstalledTheme {
  readonly id: string;
  readonly version: string;
  readonly folder: string;
  /** Version whose files these replaced. */
  readonly replaced: string | undefined;
}

/** A theme that is to be installed: what its folder or archive is called, and the archive's bytes. */
export interface ThemeArchive {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Puts a theme from a folder or a `.tgz` into the data folder, after the check found nothing fatal in it.
 *
 * @throws NotFound, Invalid `archive.*` and `themes.*`, Conflict `themes.taken`, Refused `themes.check-failed`.
 */
export async function installTheme(config: Config, source: string): Promise<InstalledTheme> {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new NotFound('themes.no-source', { message: `There is no file or folder ${source}.` });
  if (stat.isDirectory()) return place(config, path.basename(path.resolve(source)), filesIn(source));
  if (stat.size > maxBytes) throw new Invalid('archive.too-large', { message: 'The archive has more than 50 MB.' });
  return installThemeArchive(config, { name: path.basename(source), content: readFileSync(source) });
}

/** As `installTheme`, for an archive that is in memory. */
export async function installThemeArchive(config: Config, { name, content }: ThemeArchive): Promise<InstalledTheme> {
  const files = unpack(content, 'theme.json');
  const top = topOf(content);
  // npm packs everything under `package`; the archive is then named after the theme and its version.
  const named = top !== undefined && top !== 'package' ? top : name.replace(/\.(tgz|tar\.gz)$/, '').replace(/-\d+\.\d+\.\d+.*$/, '');
  return place(config, named.replace(/^helpdesk-theme-/, ''), files);
}

/** Removes a theme from the data folder. @throws NotFound, Refused `themes.in-use`, `themes.bundled`. */
export function removeTheme(config: Config, id: string, used: readonly string[]): string {
  const folder = themeFolder(config, id);
  if (folder === undefined) throw new NotFound('themes.not-found', { theme: id, message: `There is no theme ${id}.` });
  if (used.includes(id)) throw new Refused('themes.in-use', { theme: id, message: `The portal uses ${id}; choose another theme first.` });
  const themes = path.join(config.data, 'themes');
  if (path.dirname(folder) !== themes)
    throw new Refused('themes.bundled', {
      theme: id,
      message: `${id} was not installed: it lies in ${folder}, with the site's own files.`,
    });
  const aside = mkdtempSync(path.join(themes, '.removing-'));
  renameSync(folder, path.join(aside, 'old'));
  rmSync(aside, { recursive: true, force: true });
  return folder;
}

async function place(config: Config, id: string, files: readonly PackedFile[]): Promise<InstalledTheme> {
  if (!isThemeId(id))
    throw new Invalid('themes.bad-id', { theme: id, message: `"${id}" is not an id: name the folder in the archive after the theme.` });
  const themes = path.join(config.data, 'themes');
  mkdirSync(themes, { recursive: true });
  const staging = mkdtempSync(path.join(themes, '.installing-'));
  try {
    const fresh = path.join(staging, id);
    for (const file of files) write(fresh, file);
    await refuseFatal(config, fresh);
    const version = readThemeIn(fresh)?.version ?? '';
    const folder = path.join(themes, id);
    const replaced = replaceable(config, id, version);
    const aside = path.join(staging, '.old');
    if (existsSync(folder)) renameSync(folder, aside);
    renameSync(fresh, folder);
    return { id, version, folder, replaced };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function replaceable(config: Config, id: string, version: string): string | undefined {
  const folder = themeFolder(config, id);
  if (folder === undefined) return undefined;
  if (path.dirname(folder) !== path.join(config.data, 'themes'))
    throw new Conflict('themes.taken', { theme: id, message: `There is a theme ${id} already: ${folder}.` });
  const installed = readTheme(config, id)?.version;
  const [mine, theirs] = [parseVersion(version), installed === undefined ? undefined : parseVersion(installed)];
  // One that cannot be read any more is mended by installing it again.
  if (theirs === undefined || (mine !== undefined && compareVersions(mine, theirs) > 0)) return installed ?? '';
  throw new Conflict('themes.taken', { theme: id, message: `${id} ${installed ?? ''} is installed already; ${version} is not newer.` });
}

function write(folder: string, { name, content }: PackedFile): void {
  const file = path.join(folder, name);
  const inside = path.relative(folder, file);
  if (inside.startsWith('..') || path.isAbsolute(inside)) throw new Invalid('archive.outside', { message: `${name} leads outside.` });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { flag: 'wx' });
}

function filesIn(folder: string): readonly PackedFile[] {
  let size = 0;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|[\\/])(node_modules|\.[^\\/]*)([\\/]|$)/.test(name))
    .flatMap((name): readonly PackedFile[] => {
      const file = path.join(folder, name);
      const stat = lstatSync(file);
      if (stat.isSymbolicLink()) throw new Invalid('archive.link', { message: `The folder holds a link, "${name}".` });
      size += stat.isFile() ? stat.size : 0;
      if (size > maxBytes) throw new Invalid('archive.too-large', { message: 'The folder has more than 50 MB.' });
      return stat.isFile() ? [{ name: name.split(path.sep).join('/'), content: readFileSync(file) }] : [];
    });
}
