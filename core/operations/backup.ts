import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config.ts';
import { checkInvariants, type Violation } from '../doctor/index.ts';
import { FileStore } from '../files/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Conflict, Invalid, NotFound, Unavailable } from '../kernel/errors.ts';
import type { Logger } from '../kernel/log.ts';
import { coreVersion } from '../paths.ts';
import { openStorage, type Dialect, type Storage } from '../storage/index.ts';

const run = promisify(execFile);
const manifestFile = 'backup.json';
const aliveMs = 15_000;

interface Manifest {
  readonly version: string;
  readonly createdAt: string;
  readonly dialect: Dialect;
}

export interface BackupDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface BackupResult {
  readonly folder: string;
  /** What the doctor found in the copy. On PostgreSQL the dump is not looked into. */
  readonly violations: readonly Violation[];
}

/**
 * Writes database, files and key into one folder, while the desk runs. The database is copied first: files are
 * only ever added, so each file that its rows name is there when the files are copied.
 *
 * @throws Unavailable `backup.no-pg-dump` on PostgreSQL without its tools.
 */
export async function createBackup({ config, clock, log }: BackupDeps, target?: string): Promise<BackupResult> {
  const stamp = timeStamp(clock);
  const folder = path.resolve(target ?? path.join(config.data, 'backups', stamp));
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Conflict('backup.folder-taken', { message: `The folder ${folder} is not empty.` });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dialect: Dialect = config.databaseUrl === undefined ? 'sqlite' : 'postgres';
  try {
    if (config.databaseUrl === undefined) await copySqlite(path.join(config.data, 'helpdesk.sqlite'), databaseIn(folder), log);
    else await postgresTool('pg_dump', ['--format=custom', `--file=${path.join(folder, 'database.dump')}`, config.databaseUrl]);
    for (const name of ['files', 'plugins', 'themes', 'plugins-data']) copy(path.join(config.data, name), path.join(folder, name));
    copy(config.secretFile, path.join(folder, 'secret.key'));
    const violations = dialect === 'sqlite' ? await examine(folder, clock, log) : [];
    const manifest: Manifest = { version: coreVersion, createdAt: new Date(clock.now()).toISOString(), dialect };
    // Written last: a folder without it is not a backup.
    writeFileSync(path.join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    return { folder, violations };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts a backup in the place of what the desk holds; what was there is kept beside it.
 *
 * @throws Conflict `backup.desk-runs`, Invalid `backup.wrong-engine` and `backup.damaged`, NotFound `backup.not-found`.
 */
export async function restoreBackup({ config, clock, log }: BackupDeps, source: string): Promise<{ readonly keptIn: string | undefined }> {
  const folder = path.resolve(source);
  const { dialect } = readManifest(folder);
  const isSqlite = config.databaseUrl === undefined;
  if ((dialect === 'sqlite') !== isSqlite)
    throw new Invalid('backup.wrong-engine', {
      message: `The backup is of ${dialect === 'sqlite' ? 'SQLite' : 'PostgreSQL'}, and the desk is set up for the other one.`,
    });
  if (isSqlite) {
    const [damage] = (await examine(folder, clock, log)).filter(({ id }) => id === 'database.integrity');
    if (damage !== undefined) throw new Invalid('backup.damaged', { message: damage.message });
  }
  await refuseWhileRunning({ config, clock, log });
  const keptIn = path.join(config.data, 'backups', `before-restore-${timeStamp(clock)}`);
  const isKept = isSqlite && moveAside(config, keptIn);
  if (config.databaseUrl === undefined) {
    copy(databaseIn(folder), path.join(config.data, 'helpdesk.sqlite.restored'));
    renameSync(path.join(config.data, 'helpdesk.sqlite.restored'), path.join(config.data, 'helpdesk.sqlite'));
  } else
    await postgresTool('pg_restore', [
      '--clean',
      '--if-exists',
      '--no-owner',
      '--exit-on-error',
      `--dbname=${config.databaseUrl}`,
      path.join(folder, 'database.dump'),
    ]);
  for (const name of ['files', 'plugins', 'themes', 'plugins-data']) copy(path.join(folder, name), path.join(config.data, name));
  copy(path.join(folder, 'secret.key'), config.secretFile);
  return { keptIn: isKept ? keptIn : undefined };
}

function readManifest(folder: string): Manifest {
  const file = path.join(folder, manifestFile);
  if (!existsSync(file)) throw new NotFound('backup.not-found', { message: `${folder} is not a backup: it has no ${manifestFile}.` });
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

// VACUUM INTO reads one state of the database, whatever is written meanwhile.
async function copySqlite(from: string, to: string, log: Logger): Promise<void> {
  const storage = openStorage({ file: from, log });
  try {
    const connection = await storage.openMigrationConnection();
    await connection.knex.raw('VACUUM INTO ?', [to]).finally(() => connection.close());
  } finally {
    await storage.close();
  }
}

async function examine(folder: string, clock: Clock, log: Logger): Promise<readonly Violation[]> {
  const storage = openStorage({ file: databaseIn(folder), log });
  try {
    return await checkInvariants({ storage, clock, files: new FileStore(path.join(folder, 'files')) });
  } finally {
    await storage.close();
  }
}

async function refuseWhileRunning({ config, clock, log }: BackupDeps): Promise<void> {
  const file = path.join(config.data, 'helpdesk.sqlite');
  if (config.databaseUrl === undefined && !existsSync(file)) return;
  const storage = openStorage({ log, ...(config.databaseUrl === undefined ? { file } : { url: config.databaseUrl }) });
  try {
    if (await isAlive(storage, clock))
      throw new Conflict('backup.desk-runs', { message: 'The desk is running. Stop it before a backup is restored.' });
  } finally {
    await storage.close();
  }
}

async function isAlive({ read }: Storage, clock: Clock): Promise<boolean> {
  // An empty or a damaged database is what a backup is restored over.
  const row = await read('processes')
    .whereNot({ role: 'command' })
    .where('seen_at', '>', clock.now() - aliveMs)
    .first('id')
    .catch(() => undefined);
  return row !== undefined;
}

function moveAside({ data, secretFile }: Config, keptIn: string): boolean {
  const old = ['helpdesk.sqlite', 'helpdesk.sqlite-wal', 'helpdesk.sqlite-shm']
    .map((name) => path.join(data, name))
    .filter((file) => existsSync(file));
  if (old.length === 0) return false;
  mkdirSync(keptIn, { recursive: true, mode: 0o700 });
  for (const file of old) renameSync(file, path.join(keptIn, path.basename(file)));
  copy(secretFile, path.join(keptIn, 'secret.key'));
  return true;
}

async function postgresTool(name: 'pg_dump' | 'pg_restore', args: readonly string[]): Promise<void> {
  try {
    await run(name, [...args], { maxBuffer: 16_777_216 });
  } catch (cause) {
    const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string };
    if (code === 'ENOENT')
      throw new Unavailable(
        'backup.no-pg-dump',
        { message: `${name} is not installed here. Install the PostgreSQL client programs, or back the database up where they are.` },
        { cause },
      );
    throw new Unavailable('backup.failed', { message: `${name} failed: ${stderr.trim().split('\n').at(-1) ?? ''}` }, { cause });
  }
}

function databaseIn(folder: string): string {
  return path.join(folder, 'helpdesk.sqlite');
}

function copy(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true, filter: (file) => path.basename(file) !== 'tmp' });
}

function timeStamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
}
