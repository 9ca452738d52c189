import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { testDatabase, until, type DeskProcess } from '#core/testing/index.js';
import { deskProcesses, type DeskProcesses } from '../plugins/desk-processes.ts';
import type { WrittenPlugin } from '../plugins/support.ts';

const flag: WrittenPlugin = {
  id: 'flag',
  manifest: { templates: './templates', locales: './locales' },
  files: {
    'templates/topic.hbs': '{{!-- template: flag/topic version: 1 --}}\n<p>{{t "flag.topic"}} {{flag-word}}</p>',
    'locales/en.json': JSON.stringify({ 'flag.topic': 'TOPIC-TEXT', 'flag.menu': 'MENU-TEXT' }),
    'locales/tr.json': JSON.stringify({ 'flag.topic': 'TOPIC-TEXT', 'flag.menu': 'MENU-TEXT' }),
  },
  activate: `
    ctx.ui.helper('flag-word', () => 'HELPER-WORD');
    ctx.ui.slot('portal.home.topics', { template: 'flag/topic', deadlineMs: 20000, load: () => new Promise((ok) => setTimeout(() => ok({}), 5)) });
    ctx.ui.menu({ area: 'portal', label: 'flag.menu', href: '/p/flag' });
    ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (r) => { r.body = 'ROUTE'; } }]);`,
};
const signs = ['TOPIC-TEXT', 'HELPER-WORD', 'MENU-TEXT'];

interface Seen {
  readonly generation: number;
  readonly shown: readonly boolean[];
}

describe('several processes of one desk', function () {
  this.timeout(240_000);
  let desk: DeskProcesses;
  let isOpen = false;
  afterEach(async () => {
    if (isOpen) await desk.close();
    isOpen = false;
  });

  async function look(url: string, path: '/' | '/p/flag'): Promise<Seen> {
    const response = await fetch(url + path);
    const text = await response.text();
    const generation = Number(response.headers.get('X-Helpdesk-Generation'));
    return { generation, shown: path === '/' ? signs.map((sign) => text.includes(sign)) : [response.status === 200 && text === 'ROUTE'] };
  }

  const toggle = (isOn: boolean): Promise<void> => (isOn ? desk.app.plugins.activate('flag') : desk.app.plugins.deactivate('flag'));
  const generation = async (): Promise<number> => (await desk.storage.read('kernel_state').first('generation')).generation;

  const untilSame = () =>
    until(async () => (await desk.storage.read('processes').where('generation', '<', await generation())).length === 0);

  /** Switches while readers read: returns what they saw, and in which generations the plugin was on. */
  async function underLoad(urls: readonly string[], toggles: number, meanwhile: (round: number) => Promise<void>) {
    const isOnIn = new Map([[await generation(), false]]);
    const seen: Seen[] = [];
    let isOver = false;
    const readers = urls.flatMap((url) =>
      (['/', '/p/flag'] as const).map(async (path) => {
        for (; !isOver; await pause(10)) seen.push(await look(url, path));
      }),
    );
    try {
      for (let round = 1; round <= toggles; round += 1) {
        await meanwhile(round);
        const isOn = round % 2 === 1;
        isOnIn.set((await generation()) + 1, isOn);
        // On a machine that is busy with other things somebody may need longer than the answer waits.
        await toggle(isOn).catch((error: { readonly code?: string }) => expect(error.code).to.equal('plugins.not-everywhere'));
        await untilSame();
        for (const url of urls) expect((await look(url, '/')).generation, `round ${round}`).to.equal(await generation());
      }
    } finally {
      isOver = true;
      await Promise.all(readers);
    }
    return { seen, isOnIn };
  }

  function expectNoMix({ seen, isOnIn }: Awaited<ReturnType<typeof underLoad>>): void {
    const mixed = seen.filter(({ generation: at, shown }) => shown.some((one) => one !== isOnIn.get(at)));
    expect(mixed).to.deep.equal([]);
    expect(new Set(seen.map(({ shown }) => shown[0]))).to.deep.equal(new Set([true, false]));
  }

  // Three processes that hear of each other need PostgreSQL; SQLite has web and worker, which look.
  if (testDatabase() === 'postgres') {
    it('pitfall 15: three that are toggled 50 times under load agree each time, though one loses its LISTEN connection, and no request sees a mix', async () => {
      desk = await deskProcesses([flag]);
      isOpen = true;
      const urls = await Promise.all([desk.start(), desk.start(), desk.start()].map(({ listening }) => listening));
      const listeners = async (): Promise<readonly number[]> =>
        desk.storage
          .read('pg_stat_activity')
          .whereRaw("datname = current_database() and application_name = 'helpdesk listener'")
          .pluck('pid');
      await until(async () => (await listeners()).length === 3);
      const [victim = 0] = await listeners();

      const result = await underLoad(urls, 50, async (round) => {
        if (round === 20) await desk.storage.read.raw('select pg_terminate_backend(?)', [victim]);
      });

      expectNoMix(result);
      expect(result.isOnIn.size).to.equal(51);
      await until(async () => (await listeners()).length === 3);
      expect(await listeners()).to.not.include(victim);
    });
  } else {
    it('web and worker as two processes on SQLite follow by polling alone, and no request sees a mix', async () => {
      desk = await deskProcesses([flag]);
      isOpen = true;
      const [web = ''] = await Promise.all(
        [desk.start({ DESK_ROLE: 'web' }), desk.start({ DESK_ROLE: 'work' })].map(({ listening }) => listening),
      );

      expectNoMix(await underLoad([web], 6, async () => undefined));
      const rows = await desk.storage.read('processes').whereIn('role', ['web', 'work']).orderBy('role').select('role', 'generation');
      expect(rows.map((row) => [row.role, row.generation])).to.deep.equal([
        ['web', await generation()],
        ['work', await generation()],
      ]);
    });
  }

  /** Its activation says that it has begun, and lasts in the slow process until it may end. */
  const slow = (id: string): WrittenPlugin => ({
    id,
    module: `
      import { existsSync, writeFileSync } from 'node:fs';
      const file = (name) => process.env.HELPDESK_DATA + '/${id}-' + name;
      const wait = async () => { while (!existsSync(file('may-end'))) await new Promise((ok) => setTimeout(ok, 50)); };`,
    activate: "if (process.env.DESK_SLOW === '1') { writeFileSync(file('begun'), ''); await wait(); }",
  });

  /** Ends when `work` has: until then the process stands still in that activation, whose own limit `work` may exceed. */
  async function during<T>(id: string, child: DeskProcess, work: Promise<T>): Promise<T> {
    const file = (name: string): string => path.join(desk.handle.folder, `${id}-${name}`);
    await until(() => existsSync(file('begun')));
    // Whoever has the only writer of SQLite keeps the others from being stopped with it.
    await desk.storage.writeTx(async () => void process.kill(child.pid, 'SIGSTOP'));
    const result = await work;
    writeFileSync(file('may-end'), '');
    process.kill(child.pid, 'SIGCONT');
    await untilSame();
    return result;
  }

  it('say how many have switched when one is slow, on the page and in the command, and it follows when it can', async () => {
    desk = await deskProcesses([slow('one'), slow('two')]);
    isOpen = true;
    // Ahead of the others, the slow one counts as alive however long it stands still.
    const standing = desk.start({ DESK_SLOW: '1', DESK_ROLE: 'web', DESK_AHEAD_MS: '600000' });
    const [url = ''] = await Promise.all([desk.start(), desk.start(), standing].map(({ listening }) => listening));
    await untilSame();

    const look = async (): Promise<readonly [page: string, health: string]> => {
      const answer = await desk.post(url, '/admin/plugins/one/activate');
      const flash = answer.headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
      const page = await fetch(`${url}/admin/plugins`, { headers: { cookie: [desk.cookie, ...flash].join('; ') } });
      return [await page.text(), await (await desk.get(url, '/admin/health')).text()];
    };
    const [page, health] = await during('one', standing, look());
    const activating = desk.app.plugins.activate('two').then(
      () => undefined,
      (error: unknown) => error,
    );
    const told = await during('two', standing, activating);

    expect(page).to.contain('2 of 3 processes switched.');
    expect(health).to.contain('2 of 3 processes switched to the current plugins');
    expect(told).to.have.nested.property('details.message', '2 of 3 processes switched.');
  });
});
