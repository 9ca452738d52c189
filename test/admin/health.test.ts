import path from 'node:path';
import { expect } from 'chai';
import { hintChecks } from '#core/admin/health-checks.js';
import { ownReason } from '#core/i18n/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { writePlugin } from '../plugins/support.ts';

describe('the health page', () => {
  let desk: TestDesk;
  before(async () => {
    desk = await createTestDesk();
  });
  after(() => desk.close());
  const page = async (): Promise<string> => (await desk.fetch('/admin/health', { as: 'ada', headers: { 'Accept-Language': 'en' } })).text();

  it('says how full the queue of notifications is, on the database that has one', async () => {
    const shown = /The queue of notifications in PostgreSQL is 0 % full\./.test(await page());

    expect(shown).to.equal(desk.database.database === 'postgres');
  });

  it('warns while the queue fills, and raises an alarm before nobody can write', () => {
    expect([undefined, 0, 0.2, 0.6].map((usage) => hintChecks(usage).map(({ health }) => health))).to.deep.equal([
      [],
      ['good'],
      ['attention'],
      ['problem'],
    ]);
  });

  it('lists each process with its generation and marks those behind', async () => {
    const { generation } = desk.app.plugins.snapshot;
    await desk.storage.writeTx((tx) =>
      tx('processes').insert({
        id: 'slow',
        host: 'slowhost',
        pid: 7,
        role: 'web',
        generation: generation - 1,
        started_at: desk.clock.now(),
        seen_at: desk.clock.now(),
      }),
    );

    const html = await page();

    expect(html).to.match(new RegExp(`slowhost \\(7\\)</bdi></td><td class="end num"><span class="tag">Behind</span> ${generation - 1}<`));
    expect(html).to.match(new RegExp(`<td class="end num">${generation}<`));
    expect(html).to.contain('1 of 2 processes switched');
  });
});

describe('what a plugin reports on the health page', () => {
  let desk: TestDesk;
  before(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    const check = (reason: string): object => ({ id: 'till', status: 'bad', text: 'health.plain', params: { text: reason } });
    const reported = [check('connect ECONNREFUSED 10.0.0.1:443'), check(ownReason('mail.reason.process-ended'))];
    writePlugin(path.join(desk.database.folder, 'plugins'), {
      id: 'shop',
      manifest: { title: 'Shop' },
      activate: `ctx.health(async () => (${JSON.stringify(reported)}));`,
    });
    await desk.app.plugins.activate('shop');
  });
  after(() => desk.close());

  it('is a reason of ours in words, and what the plugin itself says as it said it', async () => {
    const html = await (await desk.fetch('/admin/health', { as: 'ada' })).text();

    expect(html).to.include('connect ECONNREFUSED 10.0.0.1:443').and.include('The process ended while the mail was being sent.');
  });
});
