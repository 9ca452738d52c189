import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { Page } from '../desk/support.ts';
import { hostileArchive } from './packages.ts';
import { packed } from './packages.ts';
import { createHash } from 'node:crypto';

describe('installing a plugin in the browser', function () {
  // Each upload is tried in a desk and a process of its own.
  this.timeout(90_000);

  let desk: TestDesk;
  let archive: Buffer;
  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    archive = await packed(path.join(desk.database.folder, 'sources'), {
      id: 'guest-book',
      manifest: {
        title: 'Guest book',
        db: { slug: 'guest', migrations: './migrations' },
        uses: ['net:api.example.com'],
        permissions: [{ key: 'guest.line.read', title: 'Read lines' }],
      },
      activate: `ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (c) => { c.body = 'hello'; } }]);
        ctx.hooks.on('ticket.opened', () => {}); ctx.jobs.define('tick', async () => {});`,
      files: {
        'migrations/0001-lines.js':
          "export const up = (tx, t) => tx.schema.createTable(t('lines'), (table) => { table.increments('id'); });",
      },
    });
  });
  afterEach(() => desk.close());

  const installed = (): readonly string[] =>
    existsSync(path.join(desk.database.folder, 'plugins')) ? readdirSync(path.join(desk.database.folder, 'plugins')) : [];

  async function upload(content: Buffer, headers: Readonly<Record<string, string>>): Promise<Response> {
    const body = new FormData();
    body.set('archive', new Blob([new Uint8Array(content)]), 'guest-book.tgz');
    return desk.fetch('/admin/plugins/install', { method: 'POST', body, headers });
  }

  it('shows what would happen, and installs exactly what was shown', async () => {
    const cookie = await desk.cookie('ada');
    const sent = await upload(archive, { cookie });
    const place = sent.headers.get('Location') ?? '';
    expect(place).to.match(/^\/admin\/plugins\/install\/\d+$/);

    const page = new Page(200, await (await desk.fetch(place, { headers: { cookie } })).text());
    const sha256 = createHash('sha256').update(archive).digest('hex');
    for (const fact of [
      'Guest book',
      'guest-book.tgz',
      sha256,
      'p_guest_lines',
      '0001-lines',
      'GET /p/guest-book',
      'ticket.opened',
      'guest-book.tick',
      'Read lines (guest.line.read)',
      'Connects to api.example.com',
    ])
      expect(page.text).to.contain(fact);
    expect(installed()).to.deep.equal([]);
    expect(await desk.storage.read.schema.hasTable('p_guest_lines')).to.equal(false);

    const wrong = await desk.fetch(place, { method: 'POST', headers: { cookie }, body: new URLSearchParams({ sha256: 'another' }) });
    expect(wrong.status).to.equal(409);
    const done = await desk.fetch(place, { method: 'POST', headers: { cookie }, body: page.form(place) });
    expect(done.headers.get('Location')).to.equal('/admin/plugins/guest-book');
    expect(installed()).to.deep.equal(['guest-book']);
    const event = await desk.storage.read('events').where({ name: 'plugin.installed' }).first();
    expect(event).to.include({ actor_kind: 'user', actor_id: desk.people.ada.id });
    expect(JSON.parse(event.payload)).to.deep.equal({ plugin: 'guest-book', version: '1.0.0', source: 'guest-book.tgz', sha256 });
    expect(await (await desk.fetch('/admin/plugins/guest-book', { headers: { cookie } })).text()).to.contain(sha256);

    const again = (await upload(archive, { cookie })).headers.get('Location') ?? '';
    const second = new Page(200, await (await desk.fetch(again, { headers: { cookie } })).text());
    expect(second.text).to.contain('guest-book 1.0.0 is installed already; 1.0.0 is the same.');
    expect(second.all('button', 'Install')).to.deep.equal([]);

    expect((await desk.fetch('/admin/plugins/guest-book/activate', { method: 'POST', headers: { cookie } })).status).to.equal(303);
    expect(await (await desk.fetch('/p/guest-book')).text()).to.equal('hello');
    await desk.fetch('/admin/plugins/guest-book/deactivate', { method: 'POST', headers: { cookie } });
    await desk.fetch('/admin/plugins/guest-book/uninstall', { method: 'POST', headers: { cookie } });
    const list = await (await desk.fetch('/admin/plugins', { headers: { cookie } })).text();
    expect(list).to.contain('Data without plugin');
    expect(await (await desk.fetch('/admin/plugins/guest-book/export/p_guest_lines.jsonl', { headers: { cookie } })).text()).to.equal('');
    const asked = await desk.fetch('/admin/plugins/guest-book/delete-data', {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ confirm: 'guest' }),
    });
    expect(await asked.text()).to.contain('Type the name of the plugin exactly.');
    await desk.fetch('/admin/plugins/guest-book/delete-data', {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ confirm: 'guest-book' }),
    });
    expect(await desk.storage.read.schema.hasTable('p_guest_lines')).to.equal(false);
    expect(installed()).to.deep.equal([]);
  });

  it('offers nothing but to discard what cannot run, and forgets it', async () => {
    const cookie = await desk.cookie('ada');
    for (const [content, sentence] of [
      [hostileArchive([{ name: '../evil.js' }]), /leads outside/],
      [Buffer.from('no archive'), /not a \.tgz archive that can be read/],
    ] as const) {
      const place = (await upload(content, { cookie })).headers.get('Location') ?? '';
      const page = new Page(200, await (await desk.fetch(place, { headers: { cookie } })).text());
      expect(page.text).to.match(sentence);
      expect(page.all('button', 'Install')).to.deep.equal([]);
      expect((await desk.fetch(`${place}/discard`, { method: 'POST', headers: { cookie } })).status).to.equal(303);
      expect((await desk.fetch(place, { headers: { cookie } })).status).to.equal(404);
    }
    expect(installed()).to.deep.equal([]);
  });

  it('is for an administrator who signed in lately, on our own pages, and who uploaded it', async () => {
    const cookie = await desk.cookie('ada');
    const place = (await upload(archive, { cookie })).headers.get('Location') ?? '';
    const files = async (): Promise<number> => Number((await desk.storage.read('files').count({ n: '*' }).first())?.['n']);
    const before = await files();
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const go = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      desk.fetch(place, { method: 'POST', headers, body: new URLSearchParams({ sha256 }) });

    for (const headers of [
      { cookie: await desk.cookie('can') },
      { cookie: await desk.cookie('mina') },
      { cookie, 'Sec-Fetch-Site': 'cross-site' },
    ]) {
      expect((await upload(archive, headers)).status).to.equal(403);
      expect((await go(headers)).status).to.equal(403);
      expect((await desk.fetch('/admin/plugins/x/activate', { method: 'POST', headers })).status).to.equal(403);
      expect((await desk.fetch('/admin/plugins/x/delete-data', { method: 'POST', headers })).status).to.equal(403);
    }
    desk.clock.advance(11 * 60_000);
    for (const answer of [await upload(archive, { cookie }), await go({ cookie })])
      expect([answer.status, answer.headers.get('Location')]).to.deep.equal([303, '/sign-in/confirm?next=%2Fadmin%2Fplugins%2Finstall']);
    expect(await files()).to.equal(before);
    expect(installed()).to.deep.equal([]);

    const confirm = (password: string): Promise<Response> =>
      desk.fetch('/sign-in/confirm', {
        method: 'POST',
        headers: { cookie },
        body: new URLSearchParams({ password, next: '/admin/plugins/install' }),
      });
    expect((await confirm('wrong wrong wrong')).status).to.equal(422);
    expect((await confirm('ada has a password')).headers.get('Location')).to.equal('/admin/plugins/install');
    expect((await go({ cookie })).headers.get('Location')).to.equal('/admin/plugins/guest-book');
  });

  it('can be switched off in the configuration file, and is off while the set of plugins is pinned', async () => {
    const cookie = await desk.cookie('ada');
    Object.assign(desk.app.desk.config, { browserInstall: false });
    expect((await upload(archive, { cookie })).status).to.equal(403);
    expect((await desk.fetch('/admin/plugins/install', { headers: { cookie } })).status).to.equal(403);
    Object.assign(desk.app.desk.config, { browserInstall: true, pinnedPlugins: [] });
    expect((await upload(archive, { cookie })).status).to.equal(409);
    expect(installed()).to.deep.equal([]);
  });
});
