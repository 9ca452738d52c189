import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { createApiToken, hashPassword, openSession } from '#core/auth/index.js';
import { createApp, readConfig } from '#core/app.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { createDatabase, startDeskProcess, until } from '#core/testing/index.js';
import { createUser, systemActor } from '#core/users/index.js';
import { writePlugin } from './support.ts';

const silent = createLogger('silent', systemClock, () => undefined);

describe('switching a plugin', () => {
  it('reaches every process without a restart', async function () {
    this.timeout(60_000);
    const handle = await createDatabase();
    const folder = path.join(handle.folder, 'plugins');
    mkdirSync(folder, { recursive: true });
    writePlugin(folder, {
      id: 'hello',
      activate: "ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (request) => { request.body = 'Hello'; } }]);",
    });
    const storage = handle.open();
    const config = { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url };
    const app = await createApp({
      config,
      clock: systemClock,
      log: silent,
      role: 'command',
      storage,
      isMigrated: true,
      pluginFolders: [folder],
    });
    const ada = await createUser(app.desk, systemActor, {
      email: 'ada@example.com',
      role: 'admin',
      passwordHash: await hashPassword('ada has a password'),
    });
    const cookie = `hd_session=${await openSession(app.desk, ada.id, {})}`;
    await createApiToken(app.desk, systemActor, { userId: ada.id, name: 't', scopes: ['*'] });
    const processes = [
      startDeskProcess({ database: handle, pluginFolders: [folder] }),
      startDeskProcess({ database: handle, pluginFolders: [folder] }),
    ];
    const [first = '', second = ''] = await Promise.all(processes.map(({ listening }) => listening));
    const status = async (url: string): Promise<number> => (await fetch(`${url}/p/hello`)).status;
    const toggle = (name: string): Promise<Response> =>
      fetch(`${first}/admin/plugins/hello/${name}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'Sec-Fetch-Site': 'same-origin' },
      });

    try {
      expect([await status(first), await status(second)]).to.deep.equal([404, 404]);
      for (const [name, wanted] of [
        ['activate', 200],
        ['deactivate', 404],
      ] as const) {
        expect((await toggle(name)).status).to.equal(303);
        expect(await status(first)).to.equal(wanted);
        // The answer waits some seconds for the others; a process that needs longer follows all the same.
        await until(async () => (await status(second)) === wanted);
      }
    } finally {
      await Promise.all(processes.map((one) => one.stop()));
      await app.stop();
      await storage.close();
      handle.remove();
    }
  });
});
