import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Migration, Storage, Tx } from '../storage/types.ts';
import { Invalid } from './errors.ts';
import type { FoundPlugin } from './manifest.ts';
import { runAsPlugin } from './scope.ts';

export type ImportModule = (file: string) => Promise<unknown>;

/** The ledger's runner in core/storage; it confines each step to the prefix. */
export type MigrationRunner = (
  storage: Storage,
  plan: {
    readonly owner: string;
    readonly version: string;
    readonly prefix?: string;
    readonly migrations: readonly Migration[];
    readonly skipsContract?: boolean;
    readonly tolerates?: string | undefined;
  },
) => Promise<readonly string[]>;

export interface PluginMigrationOptions {
  readonly storage: Storage;
  readonly runMigrations: MigrationRunner;
  readonly importModule?: ImportModule;
  /** Leaves contract steps for when no process runs the version before. */
  readonly skipsContract?: boolean;
  /** A version that was put back; what it added is left alone. */
  readonly tolerates?: string | undefined;
}

const maxNameBytes = 63;

export const importFile: ImportModule = (file) => import(pathToFileURL(file).href);

/**
 * Applies what a plugin's `migrations` folder has beyond the ledger, confined to `p_<slug>_`.
 *
 * @throws Invalid `migrations.*` for a step that cannot be run as it is.
 */
export async function runPluginMigrations(
  plugin: FoundPlugin,
  { storage, runMigrations, importModule = importFile, skipsContract = false, tolerates }: PluginMigrationOptions,
): Promise<readonly string[]> {
  const { id, version, manifest } = plugin;
  if (manifest.db === undefined) return [];
  const engine = storage.dialect === 'postgres' ? 'pg' : 'sqlite3';
  if (manifest.db.engines?.includes(engine) === false) {
    throw new Invalid('migrations.engine', { plugin: id, message: `${id} does not work with ${storage.dialect}.` });
  }
  const migrations = await loadMigrations(plugin, importModule);
  return runMigrations(storage, { owner: id, version, prefix: `p_${manifest.db.slug}_`, migrations, skipsContract, tolerates });
}

/** The steps of a plugin by file name; compiled ones in `dist` go before a plain folder. */
export async function loadMigrations(
  { id, folder, manifest }: FoundPlugin,
  importModule: ImportModule = importFile,
): Promise<readonly Migration[]> {
  if (manifest.db === undefined) return [];
  const plain = path.join(folder, manifest.db.migrations);
  const built = path.join(folder, 'dist', manifest.db.migrations);
  const place = existsSync(built) ? built : plain;
  const files = (await readdir(place)).filter((name) => /\.(js|mjs|cjs)$/.test(name)).toSorted();
  return Promise.all(files.map((file) => loadStep(id, path.join(place, file), importModule)));
}

async function loadStep(id: string, file: string, importModule: ImportModule): Promise<Migration> {
  const name = path.basename(file).replace(/\.(js|mjs|cjs)$/, '');
  if (Buffer.byteLength(name) > maxNameBytes) {
    throw new Invalid('migrations.name-too-long', {
      plugin: id,
      message: `${id}: the migration name ${name} has more than ${maxNameBytes} bytes.`,
    });
  }
  const loaded = await runAsPlugin(id, () => importModule(file));
  const up = typeof loaded === 'object' && loaded !== null && 'up' in loaded ? loaded.up : undefined;
  if (typeof up !== 'function')
    throw new Invalid('migrations.no-up', { plugin: id, message: `${id}: the migration ${name} exports no function up.` });
  const phase = typeof loaded === 'object' && loaded !== null && 'phase' in loaded ? loaded.phase : 'expand';
  if (phase !== 'expand' && phase !== 'contract')
    throw new Invalid('migrations.bad-phase', {
      plugin: id,
      message: `${id}: the phase of the migration ${name} is neither expand nor contract.`,
    });
  return {
    name,
    phase,
    source: await readFile(file, 'utf8'),
    up: (tx, table) => withCheckedNames(id, name, tx, () => runAsPlugin(id, async () => void (await up(tx, table)))),
  };
}

// PostgreSQL cuts longer names silently, and then two indexes meet or a later drop finds nothing.
async function withCheckedNames(id: string, migration: string, tx: Tx, work: () => Promise<void>): Promise<void> {
  const tooLong = new Set<string>();
  const look = ({ sql }: { readonly sql: string }) => {
    if (!/^\s*(create|alter|drop)\b/i.test(sql)) return;
    for (const [, name] of sql.matchAll(/["`]([^"`]+)["`]/g))
      if (name !== undefined && Buffer.byteLength(name) > maxNameBytes) tooLong.add(name);
  };
  tx.on('query', look);
  try {
    await work();
  } finally {
    tx.removeListener('query', look);
  }
  if (tooLong.size > 0) {
    const names = [...tooLong].join(', ');
    throw new Invalid('migrations.identifier-too-long', {
      plugin: id,
      message: `${id}: the migration ${migration} uses names of more than ${maxNameBytes} bytes: ${names}`,
    });
  }
}
