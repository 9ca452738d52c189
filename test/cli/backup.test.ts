import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, testDatabase, type TestDesk } from '#core/testing/index.js';
import { clientOf } from '../api/client.js';
import { helpdesk, parsed } from './command-line.js';

describe('a backup', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  if (testDatabase() === 'postgres') {
    it('says what is missing where PostgreSQL has no client programs', async () => {
      const ran = await helpdesk(desk, ['backup', 'create']);
      if (ran.code === 1) expect(ran.err).to.match(/^pg_dump (is not installed here|failed).*\n$/);
      expect(
        existsSync(path.join(desk.app.desk.config.data, 'backups')) ? readdirSync(path.join(desk.app.desk.config.data, 'backups')) : [],
      ).to.have.length(ran.code === 0 ? 1 : 0);
    });
    return;
  }

  async function backUp(): Promise<string> {
    const agent = await clientOf(desk, 'can');
    const form = new FormData();
    form.set('file', new Blob(['a photo']), 'photo.txt');
    const file = await agent('/files', { form });
    await agent('/tickets', { json: { subject: 'Lamp', text: 'Broken', requester: { email: 'x@example.org' }, files: [file.body['id']] } });
    await helpdesk(desk, ['settings', 'set', 'mail.smtp', 'smtp://user:hunter2@mail.example.com']);
    const ran = await helpdesk(desk, ['backup', 'create', '--json']);
    expect(ran.code, ran.err).to.equal(0);
    return parsed<{ folder: string }>(ran).folder;
  }

  it('holds database, files and key, taken while the desk runs', async () => {
    const folder = await backUp();

    expect(readdirSync(folder)).to.include.members(['helpdesk.sqlite', 'files', 'secret.key', 'backup.json']);
    expect((await helpdesk(desk, ['backup', 'create', '--out', folder])).err).to.equal(`The folder ${folder} is not empty.\n`);
  });

  it('is restored on another machine, whole', async () => {
    const folder = await backUp();
    const other = path.join(desk.app.desk.config.data, 'other-machine');

    const ran = await helpdesk(desk, ['backup', 'restore', folder], { HELPDESK_DATA: other });

    expect([ran.code, ran.err]).to.deep.equal([0, '']);
    const env = { HELPDESK_DATA: other };
    expect((await helpdesk(desk, ['doctor'], env)).code).to.equal(0);
    expect((await helpdesk(desk, ['settings', 'get', 'mail.smtp'], env)).out).to.equal('(secret)\n');
    expect(
      readdirSync(path.join(other, 'files'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
    ).to.have.length(1);
  });

  it('is not restored over a running desk, and keeps what was there', async () => {
    const folder = await backUp();
    const { data } = desk.app.desk.config;
    await desk.app.plugins.reconcile();

    expect((await helpdesk(desk, ['backup', 'restore', folder])).err).to.equal(
      'The desk is running. Stop it before a backup is restored.\n',
    );

    // As a process leaves it that was killed a minute ago.
    const row = await desk.storage.read('processes').first();
    await desk.app.stop();
    await desk.storage.writeTx((tx) => tx('processes').insert({ ...row, seen_at: desk.clock.now() - 60_000 }));
    const { keptIn } = parsed<{ keptIn: string }>(await helpdesk(desk, ['backup', 'restore', folder, '--json']));
    expect(readdirSync(keptIn)).to.include('helpdesk.sqlite');
    expect(keptIn.startsWith(path.join(data, 'backups'))).to.equal(true);
  });

  it('that is damaged or is none is refused before anything is touched', async () => {
    const folder = await backUp();
    desk.clock.advance(60_000);

    expect((await helpdesk(desk, ['backup', 'restore', path.dirname(folder)])).err).to.match(
      /is not a backup: it has no backup\.json\.\n$/,
    );
    writeFileSync(path.join(folder, 'helpdesk.sqlite'), 'not a database at all, but long enough to be read as one'.repeat(100));
    expect((await helpdesk(desk, ['backup', 'restore', folder])).code).to.equal(1);
    expect((await helpdesk(desk, ['doctor'])).code).to.equal(0);
  });

  it('names files that were lost before it was taken', async () => {
    await backUp();
    rmSync(path.join(desk.app.desk.config.data, 'files'), { recursive: true });
    desk.clock.advance(60_000);

    const ran = await helpdesk(desk, ['backup', 'create', '--json']);

    expect(ran.code).to.equal(1);
    expect(parsed<{ violations: { id: string }[] }>(ran).violations.map(({ id }) => id)).to.deep.equal(['files.content']);
  });
});
