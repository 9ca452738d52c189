import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { costOf } from '#core/kernel/gauge.js';
import { Profiler } from '#core/kernel/profiler.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk, parsed } from '../cli/command-line.ts';
import { writePlugin } from './support.ts';

describe('what a plugin costs', function () {
  this.timeout(60_000);
  let folder: string;
  let desk: TestDesk;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));
    writePlugin(folder, {
      id: 'busy',
      manifest: { db: { slug: 'busy', migrations: './migrations' }, templates: './templates' },
      files: {
        'migrations/0001-rows.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('rows'), (t) => { t.increments('id'); }); };",
        'templates/note.hbs': '{{!-- template: busy/note version: 1 --}}\n<p>{{busy-word}} {{n}}</p>',
      },
      activate: `
        ctx.ui.helper('busy-word', () => 'busy');
        ctx.ui.slot('admin.overview', { template: 'busy/note', deadlineMs: 10000, load: async () => {
          await new Promise((ok) => setTimeout(ok, 20));
          return { n: (await ctx.db.table('rows')).length };
        } });
        ctx.hooks.on('ticket.opened', () => ctx.db.tx((tx) => tx.table('rows').insert({})));
        ctx.jobs.define('work', async () => { await new Promise((ok) => setTimeout(ok, 20)); }, { everyMs: 60000 });
        ctx.http.admin([{ method: 'get', path: '/x', permission: 'plugins.manage', handler: (r) => { r.body = 'x'; } }]);
        ctx.health(async () => [{ id: 'rows', status: 'bad', text: 'There are too many rows.' }]);`,
    });
    desk = await createTestDesk({ pluginFolders: [folder], plugins: ['busy'] });
    const requester = { userId: desk.people.mina.id };
    for (let n = 0; n < 3; n += 1) await desk.as('mina').open({ subject: 'x', requester, message: { text: 'x' }, channel: 'portal' });
    await desk.fetch('/admin', { as: 'ada' });
    await desk.fetch('/admin/p/busy/x', { as: 'ada' });
    await desk.app.desk.cron.tick();
    await desk.settle();
  });
  after(async () => {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stands in the header of an administrator’s page and of nobody else’s', async () => {
    const hers = (await desk.fetch('/admin', { as: 'ada' })).headers.get('Server-Timing') ?? '';
    const [, db = '', queries = '', plugin = ''] = /db;dur=([\d.]+);desc="(\d+) queries".*plugin-busy;dur=([\d.]+)/.exec(hers) ?? [];

    expect(Number(queries)).to.be.greaterThan(3);
    expect(Number(db)).to.be.greaterThan(0);
    expect(Number(plugin)).to.be.greaterThan(15);
    expect(hers).to.match(/total;dur=.*render;dur=/);
    expect((await desk.fetch('/desk/inbox/open', { as: 'can' })).headers.get('Server-Timing')).to.equal(null);
    expect((await desk.fetch('/')).headers.get('Server-Timing')).to.equal(null);
  });

  it('is told by the command as by the page: calls, statements, jobs and share of the pages, place by place', async () => {
    await desk.app.records.flush();
    const info = parsed<{
      cost: { queries: number; jobMs: number; pageShare: number; works: { kind: string; name: string; calls: number; p95Ms: number }[] };
      tables: { name: string; rows: number; bytes: number }[];
    }>(await helpdesk(desk, ['plugin', 'info', 'busy', '--json']));
    const calls = Object.fromEntries(info.cost.works.map(({ kind, name, calls: n }) => [`${kind} ${name}`, n]));

    expect(calls).to.include({ 'action ticket.opened': 3, 'job busy.work': 1, 'route GET /admin/p/busy/x': 1 });
    expect(calls['slot admin.overview']).to.be.greaterThan(0);
    expect(calls['helper busy-word']).to.equal(calls['slot admin.overview']);
    expect(info.cost.queries).to.be.at.least(5);
    expect(info.cost.jobMs).to.be.greaterThan(15);
    expect(info.cost.pageShare).to.be.greaterThan(0).and.at.most(1);
    expect(info.tables.map(({ name, rows }) => [name, rows])).to.deep.equal([['p_busy_rows', 3]]);
    expect(info.tables[0]?.bytes).to.be.greaterThan(0);
    const html = await (await desk.fetch('/admin/plugins/busy', { as: 'ada' })).text();
    for (const place of ['slot admin.overview', 'job busy.work', 'route GET /admin/p/busy/x', 'helper busy-word', 'p_busy_rows'])
      expect(html, place).to.contain(place);
    expect(await (await desk.fetch('/admin/plugins', { as: 'ada' })).text()).to.match(/\d+ calls · [\d.]+ % of page time/);
  });

  it('is beside what plugins report, old hooks somebody listens to, and data without files on the Health page', async () => {
    desk.app.desk.hooks.deprecate('action', 'ticket.opened', 'ticket.created');
    await desk.storage.writeTx(async (tx) => {
      await tx.schema.createTable('p_gone_rows', (table) => void table.increments('id'));
      await tx('plugins').insert({ id: 'gone', version: '1.0.0', slug: 'gone', state: 'inactive', changed_at: 1 });
    });

    const html = await (await desk.fetch('/admin/health', { as: 'ada' })).text();
    await desk.storage.writeTx((tx) => tx.schema.dropTable('p_gone_rows'));

    expect(html).to.contain('There are too many rows.');
    expect(html.replaceAll(/<\/?bdi>/g, '')).to.contain(
      'busy still uses the hook ticket.opened. It will go; ticket.created takes its place.',
    );
    expect(html.replaceAll(/<\/?bdi>/g, '')).to.contain('The files of gone are gone and its data is still here.');
    expect(html).to.contain('All processes run the same plugins.');
  });
});

describe('the profiler', () => {
  it('counts every call and times one in eight outside of requests', () => {
    const profiler = new Profiler();
    const gauge = profiler.gauge('a', 'action', 'x');
    for (let n = 0; n < 80; n += 1) profiler.run(gauge, () => n);

    expect(gauge.figures()).to.include({ calls: 80, timed: 10 });
  });

  it('times everything while developing', () => {
    const profiler = new Profiler({ timesAll: true });
    const gauge = profiler.gauge('a', 'action', 'x');
    for (let n = 0; n < 20; n += 1) profiler.run(gauge, () => n);

    expect(gauge.figures().timed).to.equal(20);
  });

  it('finds the time that 95 of 100 calls stay below within a factor of two, over processes', () => {
    const histogram = (...entries: readonly (readonly [number, number])[]) => {
      const counts = Array.from({ length: 32 }, () => 0);
      for (const [bucket, count] of entries) counts[bucket] = count;
      return counts;
    };
    const part = (more: readonly (readonly [number, number])[], maxMs: number) => ({
      calls: 500,
      faults: 1,
      timeouts: 0,
      timed: 50,
      timedMs: 100,
      maxMs,
      histogram: histogram(...more),
    });
    // 90 calls of about 1 ms (2^10 µs), ten of about 16 ms (2^14 µs).
    const cost = costOf('action', 'x', [
      part([[10, 50]], 2),
      part(
        [
          [10, 40],
          [14, 10],
        ],
        30,
      ),
    ]);

    expect(cost).to.include({ calls: 1000, faults: 2, totalMs: 2000, maxMs: 30 });
    expect(cost.p95Ms).to.be.within(16.3, 30);
  });
});
