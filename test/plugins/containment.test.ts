import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, startSmtpSink, until, type TestDesk } from '#core/testing/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

const table = "export const up = async (tx, table) => { await tx.schema.createTable(table('naps'), (t) => { t.increments('id'); }); };";

describe('a plugin that misbehaves', function () {
  this.timeout(60_000);
  let folder: string;
  let desk: TestDesk;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));
  });
  afterEach(async () => {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (...plugins: readonly WrittenPlugin[]): Promise<void> => {
    for (const plugin of plugins) writePlugin(folder, plugin);
    desk = await createTestDesk({ pluginFolders: [folder], plugins: plugins.map(({ id }) => id) });
  };
  const open = (subject = 'Help') => {
    const requester = { userId: desk.people.mina.id };
    return desk.as('mina').open({ subject, requester, message: { text: 'Please.' }, channel: 'portal' });
  };
  const stateOf = async (id: string) => {
    const row = await desk.storage.read('plugins').where({ id }).first('state', 'last_error', 'is_desired');
    return [row?.state, row?.last_error];
  };
  const page = async (pathname: string) => {
    const response = await desk.fetch(pathname, { as: 'ada' });
    return { status: response.status, html: await response.text() };
  };

  const failing: WrittenPlugin = {
    id: 'failing',
    manifest: { title: 'Failing things' },
    activate: `
      ctx.hooks.filter('ticket.draft', () => { throw new Error('no good'); });
      ctx.hooks.onDurable('ticket.opened', 'later', () => {});`,
  };
  const wearDown = async () => {
    for (let opening = 0; opening < 3; opening += 1) {
      for (let n = 0; n < 5; n += 1) await open();
      if (opening < 2) desk.clock.advance(61_000);
    }
    // The row is there before this process has gone along with it.
    await until(() => desk.app.plugins.snapshot.quarantined.includes('failing'));
  };

  it('is quarantined when it keeps failing: off with its reason, subscriptions kept, a fact recorded, and on again by hand', async () => {
    await start(failing);
    const before = desk.app.plugins.snapshot.generation;
    await wearDown();

    expect(await stateOf('failing')).to.deep.equal(['quarantined', 'failing failed again and again, the last time in ticket.draft.']);
    expect(desk.app.plugins.snapshot.plugins).to.deep.equal([]);
    expect(desk.app.plugins.snapshot.generation).to.equal(before + 1);
    expect(await desk.storage.read('subscriptions').where({ plugin: 'failing' })).to.have.length(1);
    expect(await desk.storage.read('events').where({ name: 'plugin.quarantined' })).to.have.length(1);
    await open();
    await desk.settle();
    expect(await desk.storage.read('jobs').where({ plugin: 'failing', state: 'ready' })).to.not.deep.equal([]);

    await desk.app.plugins.activate('failing');
    await desk.settle();
    expect((await stateOf('failing'))[0]).to.equal('active');
    expect(await desk.storage.read('jobs').where({ plugin: 'failing' }).whereNot({ state: 'done' })).to.deep.equal([]);
  });

  it('is told to those who manage plugins, in the app, on every page of theirs and by mail', async () => {
    const sink = await startSmtpSink();
    try {
      await start(failing);
      await desk.app.desk.settings.set('mail', { from: 'desk@example.com', smtp: `smtp://127.0.0.1:${sink.port}` });
      await wearDown();
      await desk.settle();

      const told: number[] = await desk.storage.read('notifications').where({ kind: 'plugin-stopped' }).pluck('user_id');
      expect(told).to.deep.equal([desk.people.ada.id]);
      expect((await page('/desk/notifications')).html).to.contain('/admin/plugins/failing');
      expect((await page('/admin')).html).to.match(/The plugin (<bdi>)?failing(<\/bdi>)? kept failing/);
      await until(() => sink.mails.length > 0);
      expect(sink.mails[0]?.raw.toString()).to.contain('The plugin failing was stopped');
    } finally {
      // The server would wait for the connection that is kept for the next mail.
      desk.app.desk.mail.transports.close();
      await sink.close();
    }
  });

  it('cannot keep the database: its endless transaction is rolled back and is its fault, and writes go on', async () => {
    await start({
      id: 'sleepy',
      manifest: { db: { slug: 'sleepy', migrations: './migrations' } },
      files: { 'migrations/0001-naps.js': table },
      activate: `ctx.hooks.on('ticket.opened', () => ctx.db.tx(async (tx) => { await tx.table('naps').insert({}); await new Promise(() => {}); }));`,
    });

    await open('first');
    await open('second');
    await until(() => desk.app.faults.some(({ hook }) => hook === 'ticket.opened (db.tx)'));

    expect(await desk.storage.read('tickets').pluck('subject')).to.have.members(['first', 'second']);
    expect(await desk.storage.read('p_sleepy_naps')).to.deep.equal([]);
    expect(desk.app.faults.map(({ plugin, kind }) => `${plugin} ${kind}`)).to.include('sleepy timeout');
  });

  it('cannot keep the database by one long statement either: it is cancelled', async () => {
    await start({
      id: 'grinding',
      activate: `
        const slow = ctx.db.dialect === 'postgres' ? ['lock table tickets in exclusive mode', 'select pg_sleep(25)']
          : ['with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000) select count(*) from n'];
        const grind = (tx) => slow.reduce((before, sql) => before.then(() => tx.raw(sql)), Promise.resolve());
        ctx.http.portal([{ method: 'get', path: '/', public: true, handler: async () => { await ctx.db.tx(grind); } }]);`,
    });

    const beganAt = performance.now();
    const [response] = await Promise.all([desk.fetch('/p/grinding'), open()]);
    await open();
    const tookMs = performance.now() - beganAt;

    expect(response.status).to.equal(503);
    // Left alone it would hold the tickets longer than that.
    expect(tookMs).to.be.lessThan(20_000);
    expect(desk.app.faults.map(({ plugin, kind }) => `${plugin} ${kind}`)).to.deep.equal(['grinding timeout']);
  });

  it('pitfall 7: a handler that changes the ticket in its own hook is stopped at depth 8, with the chain, and the request answers', async () => {
    await start({
      id: 'echo',
      activate: `ctx.hooks.on('ticket.changed', async ({ ticketId }) => {
        const ticket = await ctx.tickets.get(ctx.actor(), ticketId);
        await ctx.tickets.edit(ctx.actor(), ticketId, { subject: ticket.subject + '!' });
      });`,
    });
    const { ticket } = await open('Echo');

    await desk.app.desk.storage.read.raw('select 1');
    const { editTicket } = await import('#core/tickets/index.js');
    await editTicket(desk.app.desk, desk.actor('can'), ticket.id, { subject: 'Echo!' });
    await until(() => desk.app.faults.some(({ kind }) => kind === 'recursion'));

    const fault = desk.app.faults.find(({ kind }) => kind === 'recursion');
    expect(String(fault?.error)).to.contain('ticket.changed causes itself: echo -> echo -> echo');
    expect((await desk.storage.read('tickets').where({ id: ticket.id }).first('subject')).subject).to.equal('Echo!!!!!!!!!');
  });

  it('is named with its hook on its page and by the command, also after a restart', async () => {
    await start(failing, {
      id: 'late',
      activate:
        "ctx.jobs.define('work', async () => { throw new Error('job no good'); });ctx.hooks.on('ticket.opened', () => new Promise((ok, no) => setTimeout(() => no(new Error('rejected')), 1)));",
    });
    await open();
    await until(() => desk.app.faults.length >= 2);
    await desk.app.records.flush();

    const rows = await desk.storage.read('plugin_faults').orderBy('plugin').select('plugin', 'hook', 'kind', 'message', 'version');
    expect(rows).to.deep.equal([
      { plugin: 'failing', hook: 'ticket.draft', kind: 'throw', message: 'no good', version: '1.0.0' },
      { plugin: 'late', hook: 'ticket.opened', kind: 'throw', message: 'rejected', version: '1.0.0' },
    ]);
    const { html } = await page('/admin/plugins/failing');
    expect(html).to.contain('ticket.draft').and.contain('no good');
  });

  it('leaves at most twenty faults behind, however many it has', async () => {
    await start(failing);
    for (let n = 0; n < 50; n += 1) {
      desk.app.oversight.onFault({ plugin: 'failing', hook: 'x', kind: 'throw', error: new Error(`fault ${n}`) });
      if (n % 10 === 0) await desk.app.records.flush();
    }
    await desk.app.records.flush();

    expect(await desk.storage.read('plugin_faults')).to.have.length(20);
    expect((await desk.storage.read('plugin_faults').orderBy('id', 'desc').first('message')).message).to.equal('fault 49');
  });
});

describe('safe mode for one administrator', function () {
  this.timeout(30_000);
  let folder: string;
  let desk: TestDesk;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));
    writePlugin(folder, {
      id: 'shouting',
      manifest: { templates: './templates' },
      files: { 'templates/note.hbs': '{{!-- template: shouting/note version: 1 --}}\n<p>I am here</p>' },
      activate: `
        ctx.ui.slot('admin.notices', { template: 'shouting/note' });
        ctx.ui.menu({ area: 'admin', label: 'Shout', href: '/admin/p/shouting' });
        ctx.hooks.filter('ticket.draft', (draft) => ({ ...draft, subject: draft.subject.toUpperCase() }));
        ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (r) => { r.body = 'loud'; } }]);`,
    });
    desk = await createTestDesk({ pluginFolders: [folder], plugins: ['shouting'] });
  });
  after(async () => {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const asAda = async (cookie: string, pathname: string) => {
    const response = await fetch(`${await desk.url()}${pathname}`, { headers: { cookie }, redirect: 'manual' });
    return { status: response.status, html: await response.text() };
  };
  const begin = async (session: string, form: Readonly<Record<string, string>>) => {
    const headers = { cookie: session, 'Sec-Fetch-Site': 'same-origin' };
    const url = `${await desk.url()}/admin/plugins/safe-session`;
    return fetch(url, { method: 'POST', headers, redirect: 'manual', body: new URLSearchParams(form) });
  };
  const cookieOf = (response: Response) =>
    response.headers
      .getSetCookie()
      .find((one) => one.startsWith('hd_without='))
      ?.split(';')[0] ?? '';

  it('leaves out routes, slots, menus and handlers of that plugin for her alone, and says so', async () => {
    const session = await desk.cookie('ada');
    const started = await begin(session, { plugin: 'shouting' });
    const hers = `${session}; ${cookieOf(started)}`;

    expect(started.status).to.equal(303);
    expect((await asAda(hers, '/p/shouting')).status).to.equal(404);
    expect((await asAda(session, '/p/shouting')).status).to.equal(200);
    const { html } = await asAda(hers, '/admin');
    expect(html).to.not.contain('I am here').and.not.contain('/admin/p/shouting');
    expect(html).to.contain('You see the desk without');
    expect((await asAda(session, '/admin')).html)
      .to.contain('I am here')
      .and.contain('/admin/p/shouting');
  });

  it('is nothing in the hands of somebody else, or when the cookie was changed', async () => {
    const started = await begin(await desk.cookie('ada'), { plugin: 'all' });
    const safe = cookieOf(started);

    expect((await asAda(`${await desk.cookie('can')}; ${safe}`, '/p/shouting')).status).to.equal(200);
    expect((await asAda(safe, '/p/shouting')).status).to.equal(200);
    expect((await asAda(`${await desk.cookie('ada')}; ${safe}x`, '/p/shouting')).status).to.equal(200);
    expect((await asAda(`${await desk.cookie('ada')}; ${safe}`, '/p/shouting')).status).to.equal(404);
    expect((await begin(await desk.cookie('can'), { plugin: 'all' })).status).to.equal(403);
  });

  it('ends when she ends it', async () => {
    const session = await desk.cookie('ada');
    const hers = `${session}; ${cookieOf(await begin(session, { plugin: 'all' }))}`;
    const ended = await begin(hers, { plugin: '' });

    expect(cookieOf(ended)).to.equal('hd_without=');
    expect((await asAda(session, '/p/shouting')).status).to.equal(200);
  });
});
