import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

describe('a plugin in the data folder', () => {
  let folder: string;
  let desk: TestDesk | undefined;
  const running = (): TestDesk => {
    if (desk === undefined) throw new Error('The desk was not started.');
    return desk;
  };
  const start = async (...plugins: readonly WrittenPlugin[]): Promise<TestDesk> => {
    for (const plugin of plugins) writePlugin(folder, plugin);
    desk = await createTestDesk({ pluginFolders: [folder], plugins: plugins.map(({ id }) => id) });
    return desk;
  };
  const open = (subject = 'Help') =>
    openTicket(running().app.desk, running().actor('mina'), {
      subject,
      requester: { userId: running().people.mina.id },
      message: { text: 'Please.' },
      channel: 'portal',
    });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));
  });
  afterEach(async () => {
    await desk?.close();
    desk = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const visits: WrittenPlugin = {
    id: 'visits',
    manifest: {
      db: { slug: 'visits', migrations: './migrations' },
      templates: './templates',
      locales: './locales',
      permissions: [{ key: 'visits.page.view', title: 'See visits' }],
    },
    activate: `
      ctx.http.portal([{ method: 'get', path: '/', public: true, handler: async (request) => {
        const n = await ctx.db.tx(async (tx) => { await tx.table('log').insert({ at: ctx.clock.now() }); return (await tx.table('log').count({ n: '*' }).first()).n; });
        await ctx.http.page(request, { area: 'portal', template: 'visits/page', title: 'Visits', view: { n: Number(n) } });
      } }]);
      ctx.http.desk([{ method: 'get', path: '/', permission: 'visits.page.view', handler: (request) => { request.body = 'secret'; } }]);`,
    files: {
      'migrations/0001-log.js':
        "export const up = async (tx, table) => { await tx.schema.createTable(table('log'), (t) => { t.increments('id'); t.bigInteger('at'); }); };",
      'templates/page.hbs': '{{!-- template: visits/page version: 1 --}}\n<div class="wrap"><h1>{{t "visits.title" count=n}}</h1></div>',
      'locales/en.json': JSON.stringify({ 'visits.title': { one: 'One visit', other: '{count} visits' } }),
      'locales/tr.json': JSON.stringify({ 'visits.title': '{count} ziyaret' }),
    },
  };

  it('has pages, a table, texts in two languages and permissions of its own', async () => {
    await start(visits);

    expect(await (await running().fetch('/p/visits')).text()).to.contain('One visit');
    expect(await (await running().fetch('/p/visits', { headers: { 'Accept-Language': 'tr' } })).text()).to.contain('2 ziyaret');
    expect((await running().fetch('/desk/p/visits', { as: 'can' })).status).to.equal(403);
    expect((await running().fetch('/desk/p/visits', { as: 'ada' })).status).to.equal(200);
  });

  it('is gone from the next request on when it is switched off, and back with its data', async () => {
    await start(visits);
    await running().fetch('/p/visits');
    await running().app.plugins.deactivate('visits');
    const gone = await running().fetch('/p/visits');
    await running().app.plugins.activate('visits');

    expect(gone.status).to.equal(404);
    expect(await (await running().fetch('/p/visits')).text()).to.contain('2 visits');
  });

  it('shapes drafts, and a filter that throws is named while the ticket is stored', async () => {
    await start(
      { id: 'tagger', activate: "ctx.hooks.filter('ticket.draft', (draft) => ({ ...draft, tags: ['new'] }));" },
      { id: 'broken', activate: "ctx.hooks.filter('ticket.draft', () => { throw new Error('boom'); });" },
    );

    const { ticket } = await open();

    expect(await running().storage.read('ticket_tags').where({ ticket_id: ticket.id })).to.have.length(1);
    expect(running().app.faults.map(({ plugin, hook }) => `${plugin} ${hook}`)).to.deep.equal(['broken ticket.draft']);
  });

  it('may refuse with a sentence, and nothing is written then', async () => {
    await start({
      id: 'strict',
      activate: "ctx.hooks.filter('ticket.draft', (draft) => { if (!draft.subject.includes('#')) ctx.refuse('Name the order number.'); });",
    });

    const refused = await open().catch((error: { code: string; details: object }) => error);

    expect(refused).to.deep.include({ code: 'plugins.refused' });
    expect(refused).to.have.nested.property('details.message', 'Name the order number.');
    expect(await running().storage.read('tickets')).to.deep.equal([]);
  });

  it('hears durable events though it was off when they happened to be queued, each at least once and in order', async () => {
    await start({
      id: 'ledger',
      manifest: { db: { slug: 'ledger', migrations: './migrations' } },
      files: {
        'migrations/0001-heard.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('heard'), (t) => { t.increments('id'); t.integer('ticket'); t.integer('message'); }); };",
      },
      activate:
        "ctx.hooks.onDurable('ticket.replied', 'write-down', async (event) => { await ctx.db.tx((tx) => tx.table('heard').insert({ ticket: event.ticketId, message: event.messageId })); });",
    });
    const { ticket } = await open();
    const first = await reply(running().app.desk, running().actor('mina'), ticket.id, { kind: 'reply', text: 'one' });
    const second = await reply(running().app.desk, running().actor('mina'), ticket.id, { kind: 'reply', text: 'two' });
    await running().settle();

    expect(await running().storage.read('p_ledger_heard').orderBy('id').pluck('message')).to.deep.equal([first.id, second.id]);
  });

  it('writes its rows with a ticket or not at all', async () => {
    await start({
      id: 'forms',
      manifest: { db: { slug: 'forms', migrations: './migrations' } },
      files: {
        'migrations/0001-answers.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('answers'), (t) => { t.increments('id'); t.integer('ticket_id').unique(); }); };",
      },
      module: 'export const box = {};',
      activate: `
        const form = async (fails) => {
          const opening = await ctx.tickets.opening(ctx.actor(), { subject: 'Form', requester: { email: 'x@example.org' }, message: { text: 'answers' }, channel: 'web' });
          return ctx.db.tx(async (tx) => { const { ticket } = await opening.commit(tx); await tx.table('answers').insert({ ticket_id: ticket.id }); if (fails) throw new Error('no'); return ticket.id; });
        };
        ctx.http.api([{ method: 'post', path: '/good', public: true, handler: async (r) => { r.body = { id: await form(false) }; } }, { method: 'post', path: '/bad', public: true, handler: async (r) => { await form(true); } }]);`,
    });

    const good = await running().fetch('/api/v1/p/forms/good', { method: 'POST' });
    const bad = await running().fetch('/api/v1/p/forms/bad', { method: 'POST' });

    expect([good.status, bad.status]).to.deep.equal([200, 500]);
    expect(await running().storage.read('tickets')).to.have.length(1);
    expect(await running().storage.read('p_forms_answers')).to.have.length(1);
  });

  it('cannot hold the database: a transaction that waits for something else is undone after two seconds', async function () {
    this.timeout(15_000);
    await start({
      id: 'sleepy',
      manifest: { db: { slug: 'sleepy', migrations: './migrations' } },
      files: {
        'migrations/0001-naps.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('naps'), (t) => { t.increments('id'); }); };",
      },
      activate:
        "ctx.http.portal([{ method: 'get', path: '/', public: true, handler: async (r) => { await ctx.db.tx(async (tx) => { await tx.table('naps').insert({}); await new Promise((ok) => setTimeout(ok, 60000)); }); } }]);",
    });

    const response = await running().fetch('/p/sleepy');

    expect(response.status).to.equal(503);
    expect(await running().storage.read('p_sleepy_naps')).to.deep.equal([]);
    await open();
  });

  it('may fetch from the hosts it declared, and from nothing in the private network', async () => {
    await start({
      id: 'crm',
      manifest: { uses: ['net:127.0.0.1'] },
      activate:
        "const get = (url) => async (r) => { r.body = await ctx.net.fetch(url).then(() => 'fetched', (error) => error.code); }; ctx.http.api([{ method: 'get', path: '/a', public: true, handler: get('https://example.com/') }, { method: 'get', path: '/b', public: true, handler: get('http://127.0.0.1:1/') }]);",
    });

    expect(await (await running().fetch('/api/v1/p/crm/a')).text()).to.equal('net.host-undeclared');
    expect(await (await running().fetch('/api/v1/p/crm/b')).text()).to.equal('net.host-private');
  });

  it('that registers an unknown hook stays off, and the desk says which', async () => {
    desk = await createTestDesk({ pluginFolders: [folder] });
    writePlugin(folder, { id: 'typo', activate: "ctx.hooks.on('ticket.opend', () => {});" });

    const failed = await running()
      .app.plugins.activate('typo')
      .catch((error: { code: string; details: { message: string } }) => error);

    expect(failed).to.have.property('code', 'plugins.activation-failed');
    expect(failed).to.have.nested.property('details.message').that.contains('ticket.opend');
    await open();
  });

  it('keeps its data when it is off, and loses it only by the typed confirmation', async () => {
    await start(visits);
    await running().fetch('/p/visits');
    await running().app.plugins.deactivate('visits');
    const form = (confirm: string) =>
      running().fetch('/admin/plugins/visits/delete-data', { method: 'POST', as: 'ada', body: new URLSearchParams({ confirm }) });
    const before: number[] = await running().storage.read('roles').pluck('id');

    expect((await form('visit')).status).to.equal(200);
    expect(await running().storage.read('p_visits_log')).to.have.length(1);
    expect((await form('visits')).status).to.equal(303);
    expect(
      await running()
        .storage.read('p_visits_log')
        .catch(() => 'gone'),
    ).to.equal('gone');
    expect(await running().storage.read('roles').pluck('id')).to.deep.equal(before);
  });
});
