import { expect } from 'chai';
import { createApiToken } from '#core/auth/index.js';
import { createApp, readConfig } from '#core/app.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { checkInvariants } from '#core/doctor/index.js';
import { createDatabase, startDeskProcess } from '#core/testing/index.js';
import { createUser, systemActor } from '#core/users/index.js';

const silent = createLogger('silent', systemClock, () => undefined);

describe('a web process that is killed (F1)', () => {
  it('keeps every write it acknowledged, and no half ticket', async function () {
    this.timeout(120_000);
    const handle = await createDatabase();
    const config = { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url };
    const storage = handle.open();
    const app = await createApp({ config, clock: systemClock, log: silent, role: 'command', storage, isMigrated: true, pluginFolders: [] });
    const ada = await createUser(app.desk, systemActor, { email: 'ada@example.com', role: 'admin' });
    const { token } = await createApiToken(app.desk, systemActor, { userId: ada.id, name: 'faults', scopes: ['*'] });
    const acknowledged: number[] = [];
    let asked = 0;

    while (asked < 500) {
      const desk = startDeskProcess({ database: handle });
      const url = await desk.listening;
      const killAfter = 40 + Math.floor(Math.random() * 120);
      let sent = 0;
      const clients = Array.from({ length: 4 }, async () => {
        while (asked < 500) {
          asked += 1;
          sent += 1;
          if (sent === killAfter) desk.kill('SIGKILL');
          const id = await fetch(`${url}/api/v1/tickets`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
            body: JSON.stringify({ subject: `Write ${asked}`, text: 'Hello', requester: { email: `c${asked % 7}@example.org` } }),
          })
            .then(async (response) => (response.status === 201 ? ((await response.json()) as { id: number }).id : null))
            .catch(() => undefined);
          if (id === undefined) return;
          if (id !== null) acknowledged.push(id);
        }
      });
      await Promise.all(clients);
      desk.kill('SIGKILL');
      await desk.ended;
    }

    const stored = new Set<number>(await storage.read('tickets').pluck('id'));
    expect(acknowledged.filter((id) => !stored.has(id))).to.deep.equal([]);
    expect(acknowledged.length).to.be.greaterThan(100);
    expect(await checkInvariants(app.desk)).to.deep.equal([]);
    await app.stop();
    await storage.close();
    handle.remove();
  });
});
