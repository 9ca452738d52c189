import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { writePlugin } from './support.ts';

describe('a recurring job of a plugin', function () {
  this.timeout(60_000);
  let folder: string;
  const desks: TestDesk[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));
    writePlugin(folder, {
      id: 'hourly',
      manifest: { db: { slug: 'hourly', migrations: './migrations' } },
      files: {
        'migrations/0001-runs.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('runs'), (t) => { t.increments('id'); t.bigInteger('slot'); }); };",
      },
      activate:
        "ctx.jobs.define('count', (job) => ctx.db.tx(async (tx) => { await tx.table('runs').insert({ slot: job.payload.slot }); await job.finish(tx); }), { everyMs: 60000 });",
    });
    const first = await createTestDesk({ pluginFolders: [folder], plugins: ['hourly'] });
    desks.push(first);
    for (let n = 0; n < 2; n += 1) desks.push(await createTestDesk({ pluginFolders: [folder], beside: first }));
  });
  after(async () => {
    for (const desk of desks.toReversed()) await desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('pitfall 24: runs once a tick over three processes, not while its plugin is off, and goes on when it is on again', async () => {
    const [first] = desks;
    if (first === undefined) throw new Error('The desks were not started.');
    const minutes = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        first.clock.advance(60_000);
        await Promise.all(desks.map(({ app }) => app.desk.cron.tick()));
        await Promise.all(desks.map((desk) => desk.settle()));
      }
    };
    const runs = async (): Promise<readonly number[]> => first.storage.read('p_hourly_runs').orderBy('id').pluck('slot');

    await minutes(4);
    expect(await runs()).to.have.length(4);
    expect(new Set(await runs()).size).to.equal(4);

    // One that is queued when the plugin is switched off waits for it.
    first.clock.advance(60_000);
    await Promise.all(desks.map(({ app }) => app.desk.cron.tick()));
    await first.app.plugins.deactivate('hourly');
    await Promise.all(desks.map(({ app }) => app.plugins.reconcile()));
    await minutes(3);
    expect(await runs()).to.have.length(4);
    expect(await first.storage.read('jobs').where({ plugin: 'hourly', state: 'ready' })).to.have.length(1);

    await first.app.plugins.activate('hourly');
    await Promise.all(desks.map(({ app }) => app.plugins.reconcile()));
    await Promise.all(desks.map((desk) => desk.settle()));
    expect(await runs()).to.have.length(5);
    await minutes(2);
    expect(await runs()).to.have.length(7);
  });
});
