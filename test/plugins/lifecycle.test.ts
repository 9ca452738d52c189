import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { deletePluginData, exportPluginData, installInDesk, uninstallFromDesk } from '#core/plugins/index.js';
import { systemActor } from '#core/users/index.js';
import { packed } from './packages.ts';
import type { WrittenPlugin } from './support.ts';
import { schemaOf } from './schema.ts';

const table = (name: string): string =>
  `export const up = (tx, t) => tx.schema.createTable(t('${name}'), (table) => { table.increments('id'); table.text('body'); });`;

describe('the life of a plugin', function () {
  // Desks start one after the other, and some upgrades are tried in a process of their own.
  this.timeout(60_000);

  let desk: TestDesk;
  let sources: string;
  let round = 0;

  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    sources = path.join(desk.database.folder, 'sources');
  });
  afterEach(() => desk.close());

  // A second process on the same data, with nothing of the first in its memory but Node's modules.
  async function restart({ keepsOld = false } = {}): Promise<void> {
    const beside = desk;
    if (!keepsOld) await beside.app.stop();
    const next = await createTestDesk({ beside, findsInstalled: true });
    const closeNext = next.close;
    desk = {
      ...next,
      close: async () => {
        await closeNext();
        await beside.close();
      },
    };
  }

  const install = async (plugin: WrittenPlugin): Promise<unknown> =>
    installInDesk(desk.app, systemActor, await packed(path.join(sources, String((round += 1))), plugin), 'test.tgz');
  const row = async (id: string): Promise<Record<string, unknown>> =>
    (await desk.storage.read('plugins').where({ id }).first()) as Record<string, unknown>;
  const failure = async (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
    (await work.catch((error: unknown) => error)) as { code: string; message: string };

  const note = (version: string, more: Partial<WrittenPlugin> & { readonly methods?: string } = {}): WrittenPlugin => {
    const manifest = {
      manifest: 1,
      id: 'note',
      title: 'Note',
      api: '^1.0',
      db: { slug: 'note', migrations: './migrations' },
      ...more.manifest,
    };
    return {
      id: 'note',
      activate: '',
      ...more,
      files: {
        'package.json': JSON.stringify({ name: 'note', version, type: 'module', main: './index.js', helpdesk: manifest }),
        'index.js': `const log = (ctx, what) => ctx.db.tx((tx) => tx.table('lines').insert({ body: what }));
          export default { ${more.methods ?? ''} async activate(ctx) { ${more.activate ?? ''} } };`,
        'migrations/0001-lines.js': table('lines'),
        ...more.files,
      },
    };
  };
  const lines = async (): Promise<string[]> => desk.storage.read('p_note_lines').orderBy('id').pluck('body');

  const steps = `install: (ctx) => log(ctx, 'install'), upgrade: (ctx, from, to) => log(ctx, from + ' to ' + to),
    uninstall: (ctx, { deleteData }) => log(ctx, 'uninstall ' + deleteData),`;

  it('installs once, upgrades once after a restart, and tells the plugin before its files go', async () => {
    await install(note('1.0.0', { methods: steps }));
    await desk.app.plugins.activate('note');
    await desk.app.plugins.deactivate('note');
    await desk.app.plugins.activate('note');
    expect(await lines()).to.deep.equal(['install']);

    await install(note('1.1.0', { methods: steps }));
    expect(await row('note')).to.include({ state: 'upgrading', version: '1.0.0' });
    await restart();

    expect(await row('note')).to.include({ state: 'active', version: '1.1.0', prepared_version: '1.1.0', rejected_version: null });
    await desk.app.plugins.deactivate('note');
    await uninstallFromDesk(desk.app, systemActor, 'note');
    expect(await lines()).to.deep.equal(['install', '1.0.0 to 1.1.0', 'uninstall false']);
    const events: string[] = await desk.storage.read('events').where('name', 'like', 'plugin.%').orderBy('id').pluck('name');
    expect(events).to.deep.equal(['plugin.installed', 'plugin.installed', 'plugin.uninstalled']);
  });

  for (const [what, broken, reason] of [
    ['cannot be activated', { activate: "throw new Error('no luck');" }, /no luck/],
    [
      'has a migration that fails',
      { files: { 'migrations/0002-bad.js': "export const up = () => { throw new Error('bad step'); };" } },
      /bad step/,
    ],
    [
      'has one migration that runs and one that fails',
      {
        files: {
          'migrations/0002-more.js': table('more'),
          'migrations/0003-bad.js': "export const up = () => { throw new Error('bad step'); };",
        },
      },
      /bad step/,
    ],
    ['fails to upgrade its data', { methods: "upgrade() { throw new Error('cannot upgrade'); }," }, /cannot upgrade/],
  ] as const) {
    it(`puts the version before back when the new one ${what}`, async () => {
      await install(note('1.0.0', { methods: steps }));
      await desk.app.plugins.activate('note');
      await install(note('2.0.0', broken));
      await restart();

      expect(await row('note')).to.include({ state: 'active', version: '1.0.0', rejected_version: '2.0.0' });
      expect((await row('note'))['rejection']).to.match(reason);
      expect(desk.app.plugins.snapshot.plugins.map(({ id, version }) => `${id} ${version}`)).to.deep.equal(['note 1.0.0']);
      expect(readdirSync(path.join(desk.database.folder, 'plugins')).filter((name) => !name.startsWith('.'))).to.deep.equal(['note']);

      await install(note('2.0.1', { methods: steps, files: { 'migrations/0002-more.js': table('more') } }));
      await restart();
      expect(await row('note')).to.include({ state: 'active', version: '2.0.1', rejected_version: null });
    });
  }

  it('refuses an upgrade that could not run, before any file changes', async () => {
    await install(note('1.0.0'));
    await desk.app.plugins.activate('note');
    const before = readdirSync(path.join(desk.database.folder, 'plugins'));

    expect(await failure(install(note('1.1.0', { manifest: { requires: { billing: '^2.0' } } })))).to.include({
      code: 'plugins.upgrade-unmet',
      message: 'plugins.upgrade-unmet: note needs billing, which is not installed. note 1.0.0 stays until that is so.',
    });
    expect((await failure(install(note('1.1.0', { files: { 'index.js': 'throw new Error("no");' } })))).code).to.equal(
      'plugins.upgrade-broken',
    );
    expect(readdirSync(path.join(desk.database.folder, 'plugins'))).to.deep.equal(before);
  });

  it('refuses older code on newer data, and an edited migration, with a sentence and the desk up', async () => {
    await install(note('1.1.0', { files: { 'migrations/0002-more.js': table('more') } }));
    await desk.app.plugins.activate('note');
    await desk.app.plugins.deactivate('note');
    await uninstallFromDesk(desk.app, systemActor, 'note');

    await install(note('1.0.0'));
    expect((await failure(desk.app.plugins.activate('note'))).message).to.match(/migrated by note 1\.1\.0 \(step 0002-more\)/);
    await uninstallFromDesk(desk.app, systemActor, 'note');
    await install(note('1.0.0', { files: { 'migrations/0002-more.js': table('more') } }));
    expect((await failure(desk.app.plugins.activate('note'))).message).to.match(/note 1\.0\.0 is older than 1\.1\.0/);
    await desk.app.plugins.deactivate('note');
    await uninstallFromDesk(desk.app, systemActor, 'note');
    await install(note('1.1.0', { files: { 'migrations/0002-more.js': `${table('more')} // edited` } }));
    expect((await failure(desk.app.plugins.activate('note'))).message).to.match(/0002-more was edited after it ran/);
    expect((await desk.fetch('/sign-in')).status).to.equal(200);
  });

  it('drops what the old code uses only when no process runs it', async () => {
    const contract = "export const phase = 'contract'; export const up = (tx, t) => tx.schema.dropTable(t('lines'));";
    await install(note('1.0.0'));
    await desk.app.plugins.activate('note');
    const has = (): Promise<boolean> => desk.storage.read.schema.hasTable('p_note_lines');
    const old = desk;
    await install(note('2.0.0', { files: { 'migrations/0002-drop.js': contract } }));
    await restart({ keepsOld: true });
    expect(desk.app.plugins.snapshot.plugins.map(({ version }) => version)).to.deep.equal(['2.0.0']);
    await desk.app.plugins.reconcile();
    expect(await has()).to.equal(true);

    await old.app.plugins.stop();
    await desk.app.plugins.reconcile();

    expect(await has()).to.equal(false);
    expect(await desk.storage.read('migrations').where({ owner: 'note' }).orderBy('name').pluck('name')).to.deep.equal([
      '0001-lines',
      '0002-drop',
    ]);
  });

  for (const isCodeThere of [true, false]) {
    it(`deletes all data ${isCodeThere ? 'and asks the plugin first' : 'when the folder was deleted by hand'}, and nothing else`, async () => {
      const pristine = await schemaOf(desk);
      const roles = await desk.storage.read('roles').orderBy('id');
      await install(
        note('1.0.0', {
          methods: `settings: { word: { type: 'string', default: '' }, key: { type: 'string', 'x-secret': true } }, ${steps}`,
          manifest: { permissions: [{ key: 'note.line.read', title: 'Read lines', defaultRoles: ['agent'] }] },
          activate: "ctx.jobs.define('tick', async () => {}, { everyMs: 60000 }); ctx.hooks.onDurable('ticket.opened', 'see', () => {});",
        }),
      );
      await desk.app.plugins.activate('note');
      expect(JSON.parse(String((await desk.storage.read('roles').where({ key: 'agent' }).first())['permissions']))).to.include(
        'note.line.read',
      );
      await desk.app.desk.settings.set('note', { word: 'hello', key: 'hidden' });
      await desk.as('mina').open({ subject: 'Hi', requester: { userId: desk.people.mina.id }, message: { text: 'Hi' }, channel: 'portal' });
      await desk.app.desk.cron.tick();
      await desk.app.plugins.deactivate('note');
      if (!isCodeThere) rmSync(path.join(desk.database.folder, 'plugins/note'), { recursive: true });

      const exported: Record<string, string[]> = {};
      for (const { name, rows } of await exportPluginData(desk.app, 'note')) {
        const found: string[] = [];
        for await (const line of rows()) found.push(line);
        exported[name] = found;
      }
      expect(exported).to.deep.equal({
        p_note_lines: ['{"id":1,"body":"install"}'],
        settings: ['{"key":"word","value":"hello"}', '{"key":"key","value":"(secret)"}'],
      });
      expect(await deletePluginData(desk.app, systemActor, 'note')).to.deep.equal(['p_note_lines']);

      expect(await schemaOf(desk)).to.deep.equal(pristine);
      for (const owned of ['settings', 'secrets', 'migrations', 'search_documents', 'scoped_settings'])
        expect(await desk.storage.read(owned).where({ owner: 'note' }), owned).to.deep.equal([]);
      for (const named of ['jobs', 'subscriptions', 'ticket_meta'])
        expect(await desk.storage.read(named).where({ plugin: 'note' }), named).to.deep.equal([]);
      const strip = (list: readonly Record<string, unknown>[]): unknown => list.map(({ version: _version, ...rest }) => rest);
      expect(strip(await desk.storage.read('roles').orderBy('id'))).to.deep.equal(strip(roles));
      expect(await row('note')).to.equal(undefined);
      expect(desk.app.faults.filter(({ plugin }) => plugin === 'note')).to.deep.equal([]);
    });
  }

  it('gives default permissions once: what an administrator took away stays away', async () => {
    // Databases are used again by other tests, roles included.
    const { permissions } = (await desk.storage.read('roles').where({ key: 'agent' }).first()) as { permissions: string };
    await install(note('1.0.0', { manifest: { permissions: [{ key: 'note.line.read', title: 'Read lines', defaultRoles: ['agent'] }] } }));
    await desk.app.plugins.activate('note');
    await desk.storage.writeTx((tx) => tx('roles').where({ key: 'agent' }).update({ permissions: '["tickets.view"]' }));
    await desk.app.plugins.deactivate('note');
    await desk.app.plugins.activate('note');
    await install(
      note('1.1.0', { manifest: { permissions: [{ key: 'note.line.write', title: 'Write lines', defaultRoles: ['agent'] }] } }),
    );
    await restart();

    const after = (await desk.storage.read('roles').where({ key: 'agent' }).first()) as { permissions: string };
    await desk.storage.writeTx((tx) => tx('roles').where({ key: 'agent' }).update({ permissions }));
    expect(after.permissions).to.equal('["tickets.view"]');
  });

  it('lists a plugin whose folder is gone and stays up', async () => {
    await install(note('1.0.0'));
    await desk.app.plugins.activate('note');
    rmSync(path.join(desk.database.folder, 'plugins/note'), { recursive: true });
    await restart();

    expect((await desk.app.plugins.list()).find(({ id }) => id === 'note')).to.include({ found: undefined, isRunning: false });
    expect(await row('note')).to.include({ state: 'missing' });
    const page = await (await desk.fetch('/admin/plugins', { as: 'ada' })).text();
    expect(page).to.contain('Files are missing');
    expect(existsSync(path.join(desk.database.folder, 'plugins/note'))).to.equal(false);
  });
});
