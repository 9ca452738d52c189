import { lstat, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Invalid } from './errors.ts';
import { checkManifest, type PluginManifest } from './manifest-schema.ts';
import { parseVersion } from './versions.ts';

export type { PluginManifest } from './manifest-schema.ts';

/** A plugin folder that can be trusted to be what it says; none of its code has run. */
export interface FoundPlugin {
  readonly id: string;
  readonly version: string;
  /** The real path of the folder. */
  readonly folder: string;
  /** The real path of the file to import. */
  readonly entry: string;
  readonly manifest: PluginManifest;
}

/**
 * Reads and checks a plugin folder without running its code.
 *
 * @throws Invalid `manifest.*` with a sentence in `details.message`.
 */
export async function readManifest(folder: string): Promise<FoundPlugin> {
  const root = await realpath(folder);
  await refuseSecondCore(root);
  const pack = await readPackage(root);
  const field = pack['helpdesk'];
  if (field === undefined) throw wrong('manifest.absent', root, 'package.json has no "helpdesk" field.');
  const checked = checkManifest(field);
  if ('problems' in checked) throw wrong('manifest.invalid', root, checked.problems.join(' '));

  const { version } = pack;
  if (typeof version !== 'string' || parseVersion(version) === undefined) {
    throw wrong('manifest.version', root, 'package.json needs a "version" such as 1.0.0.');
  }
  const { manifest } = checked;
  for (const [key, value] of declaredPaths(manifest)) await contained(root, key, value);
  const main = manifest.main ?? (typeof pack['main'] === 'string' ? pack['main'] : './index.js');
  if (!/\.(js|mjs|cjs)$/.test(main)) throw wrong('manifest.main', root, `"main" is ${main}; it must be a .js, .mjs or .cjs file.`);
  return { id: manifest.id, version, folder: root, entry: await contained(root, 'main', main), manifest };
}

// Two copies are two maps of hooks and two kinds of errors, and nothing says why handlers never run.
async function refuseSecondCore(root: string): Promise<void> {
  const copy = await lstat(path.join(root, 'node_modules/@helpdesk/core')).catch(() => undefined);
  if (copy?.isDirectory() === true)
    throw wrong('manifest.second-core', root, 'It brings its own copy of @helpdesk/core; name that in peerDependencies and leave it out.');
}

async function readPackage(root: string): Promise<Readonly<Record<string, unknown>>> {
  let source: string;
  try {
    source = await readFile(path.join(root, 'package.json'), 'utf8');
  } catch (cause) {
    throw wrong('manifest.unreadable', root, 'package.json is missing or cannot be read.', cause);
  }
  try {
    const parsed: unknown = JSON.parse(source);
    if (isRecord(parsed)) return parsed;
  } catch (cause) {
    throw wrong('manifest.unreadable', root, 'package.json is not valid JSON.', cause);
  }
  throw wrong('manifest.unreadable', root, 'package.json is not an object.');
}

function declaredPaths({ icon, db, locales, templates, assets }: PluginManifest): [string, string][] {
  const all = { icon, 'db.migrations': db?.migrations, locales, templates, assets };
  return Object.entries(all).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]]));
}

// The schema refuses `..`; only the file system can tell where a symbolic link leads.
async function contained(root: string, key: string, relative: string): Promise<string> {
  let real: string;
  try {
    real = await realpath(path.join(root, relative));
  } catch (cause) {
    throw wrong('manifest.missing-file', root, `"${key}" points to ${relative}, which does not exist.`, cause);
  }
  const inside = path.relative(root, real);
  if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
    throw wrong('manifest.outside', root, `"${key}" points to ${relative}, which leads outside the plugin folder.`);
  }
  return real;
}

function wrong(code: string, folder: string, sentence: string, cause?: unknown): Invalid {
  return new Invalid(code, { folder, message: `${path.basename(folder)}: ${sentence}` }, { cause });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
