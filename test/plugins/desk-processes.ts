import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { actorOf, hashPassword, openSession } from '#core/auth/index.js';
import { createApp, readConfig, type App } from '#core/app.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { createDatabase, startDeskProcess, type DatabaseHandle, type DeskProcess, type TestDatabase } from '#core/testing/index.js';
import type { Storage } from '#core/storage/index.js';
import { createUser, systemActor, type UserActor } from '#core/users/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

const silent = createLogger('silent', systemClock, () => undefined);

export interface DeskProcesses {
  readonly handle: DatabaseHandle;
  readonly storage: Storage;
  /** A passive desk on the same database: it changes plugins and runs none. */
  readonly app: App;
  /** ada's `Cookie` header; she administers. */
  readonly cookie: string;
  readonly ada: UserActor;
  readonly folder: string;
  start(env?: Readonly<Record<string, string>>): DeskProcess;
  get(url: string, pathname: string): Promise<Response>;
  post(url: string, pathname: string, form?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

/** A desk whose processes are real ones, with plugins that lie in its data folder. */
export async function deskProcesses(plugins: readonly WrittenPlugin[], database?: TestDatabase): Promise<DeskProcesses> {
  const handle = await createDatabase(database);
  const folder = path.join(handle.folder, 'plugins');
  mkdirSync(folder, { recursive: true });
  for (const plugin of plugins) writePlugin(folder, plugin);
  const storage = handle.open();
  const app = await createApp({
    config: { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url },
    clock: systemClock,
    log: silent,
    role: 'command',
    storage,
    isMigrated: true,
    pluginFolders: [folder],
    isPassive: true,
  });
  await app.start();
  const passwordHash = await hashPassword('ada has a password');
  const user = await createUser(app.desk, systemActor, {
    name: 'Ada',
    email: 'ada@example.com',
    role: 'admin',
    passwordHash,
    isConfirmed: true,
  });
  const cookie = `hd_session=${await openSession(app.desk, user.id, {})}`;
  const started: DeskProcess[] = [];
  const headers = { cookie, 'Sec-Fetch-Site': 'same-origin' };
  return {
    handle,
    storage,
    app,
    cookie,
    ada: actorOf(user),
    folder,
    start(env) {
      const one = startDeskProcess({ database: handle, pluginFolders: [folder], env });
      started.push(one);
      return one;
    },
    get: (url, pathname) => fetch(`${url}${pathname}`, { headers, redirect: 'manual' }),
    post: (url, pathname, form = {}) =>
      fetch(`${url}${pathname}`, { method: 'POST', headers, redirect: 'manual', body: new URLSearchParams(form) }),
    async close() {
      for (const one of started) one.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      await app.stop();
      await storage.close();
      handle.remove();
    },
  };
}
