import { expect } from 'chai';
import { hintChecks } from '#core/admin/health-checks.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

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
