import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { caller } from '../api/client.js';
import { helpdesk, parsed } from './command-line.js';

describe('the command line', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('lists its commands, and explains each', async () => {
    const general = await helpdesk(desk, ['--help']);
    const one = await helpdesk(desk, ['user', 'create', '--help']);

    expect([general.code, one.code]).to.deep.equal([0, 0]);
    expect(general.out)
      .to.match(/^ {2}user create +Creates a person/m)
      .and.to.match(/^ {2}doctor /m);
    expect(one.out).to.contain('Usage: helpdesk user create --email <address>');
  });

  for (const [args, sentence] of [
    [['user', 'create', '--emial', 'x'], 'There is no option --emial. See "helpdesk user create --help".'],
    [['user', 'create', '--email'], 'The option --email needs a value. See "helpdesk user create --help".'],
    [['user', 'create', '--email', 'a@example.org'], 'The option --name is missing. See "helpdesk user create --help".'],
    [['plugin', 'info'], 'The argument <id> is missing. See "helpdesk plugin info --help".'],
    [['doctor', 'now'], '"now" is one argument too many. See "helpdesk doctor --help".'],
    [['make', 'coffee'], 'There is no command "make coffee". See "helpdesk --help".'],
    [['seed', '--tickets', 'many'], 'The number of tickets is from 1 to 10000000, not "many".'],
  ] as const) {
    it(`answers wrong usage with one sentence and 2: ${args.join(' ')}`, async () => {
      expect(await helpdesk(desk, args)).to.deep.equal({ code: 2, out: '', err: `${sentence}\n` });
    });
  }

  it('creates people and tokens that work', async () => {
    const made = await helpdesk(desk, ['user', 'create', '--email', 'eda@example.com', '--name', 'Eda Ak', '--role', 'agent', '--json']);
    const again = await helpdesk(desk, ['user', 'create', '--email', 'eda@example.com', '--name', 'Eda Ak', '--role', 'agent']);
    const { token } = parsed<{ token: string }>(
      await helpdesk(desk, ['token', 'create', '--user', 'eda@example.com', '--scope', 'tickets.view', '--json']),
    );

    expect(parsed<object>(made)).to.include({ email: 'eda@example.com', role: 'agent' }).and.to.have.property('password');
    expect([again.code, again.out]).to.deep.equal([1, '']);
    expect((await caller(desk, token)('/tickets')).status).to.equal(200);
    expect((await caller(desk, token)('/users')).status).to.equal(403);
    expect((await helpdesk(desk, ['token', 'create', '--user', 'nobody@example.com', '--scope', '*'])).err).to.equal(
      'Nobody has the address nobody@example.com.\n',
    );
  });

  it('reads and changes settings, and never shows a secret', async () => {
    expect((await helpdesk(desk, ['settings', 'set', 'tickets.undoSeconds', '30', '--json'])).out).to.contain('30');
    expect((await helpdesk(desk, ['settings', 'set', 'mail.smtp', 'smtp://user:hunter2@mail.example.com'])).out).to.equal(
      'mail.smtp: (secret)\n',
    );

    const all = parsed<Record<string, unknown>>(await helpdesk(desk, ['settings', 'get', '--json']));

    expect(all).to.include({ 'tickets.undoSeconds': 30, 'mail.smtp': '(secret)' });
    expect(JSON.stringify(all)).to.not.contain('hunter2');
    expect((await helpdesk(desk, ['settings', 'set', 'tickets.undoSeconds', '999'])).code).to.equal(1);
    expect((await helpdesk(desk, ['settings', 'get', 'site.nothing'])).err).to.equal('There is no setting site.nothing.\n');
  });

  it('gives dead jobs another try, and runs them', async () => {
    await desk.storage.writeTx((tx) =>
      tx('jobs').insert({
        name: 'jobs.sweep',
        lane: 'bulk',
        state: 'dead',
        payload: '{}',
        run_at: 0,
        error: 'boom',
        created_at: 0,
        updated_at: 0,
      }),
    );

    expect(parsed<{ name: string; error: string }[]>(await helpdesk(desk, ['jobs', 'list', '--json']))[0]).to.include({
      name: 'jobs.sweep',
      error: 'boom',
    });
    expect(parsed(await helpdesk(desk, ['jobs', 'retry', '--json']))).to.deep.equal({ retried: 1 });
    expect(parsed(await helpdesk(desk, ['jobs', 'drain', '--json']))).to.deep.equal({ ran: 1 });
    expect((await helpdesk(desk, ['jobs', 'retry', '12345'])).code).to.equal(1);
  });

  it('fills an empty desk with samples that hold together, once', async () => {
    const { tickets } = parsed<{ tickets: number }>(await helpdesk(desk, ['demo', '--json']));

    expect(tickets).to.be.above(200);
    expect((await helpdesk(desk, ['doctor'])).code).to.equal(0);
    expect((await helpdesk(desk, ['demo'])).code).to.equal(1);
    expect((await helpdesk(desk, ['seed', '--tickets', '450'])).code).to.equal(0);
    expect((await helpdesk(desk, ['doctor'])).code).to.equal(0);
    const token = await desk.token('can');
    expect((await caller(desk, token)('/search?q=kargo')).body.items?.length).to.be.above(0);
  });

  it('says in one sentence what keeps it from working', async () => {
    const { config } = desk.app.desk;
    const inTheWay = path.join(config.data, 'file');
    writeFileSync(inTheWay, '');
    const site = path.join(config.data, 'site');
    mkdirSync(site, { recursive: true });

    const noFolder = await helpdesk(desk, ['doctor'], { HELPDESK_DATA: path.join(inTheWay, 'data') });
    const noDatabase = await helpdesk(desk, ['doctor'], { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/desk' });
    const badPort = await helpdesk(desk, ['doctor'], { PORT: 'many' });
    writeFileSync(path.join(site, 'helpdesk.config.ts'), 'export default {{');
    const badFile = await helpdesk(desk, ['doctor']);
    rmSync(path.join(site, 'helpdesk.config.ts'));

    expect(noFolder).to.deep.include({ code: 1 });
    expect(noFolder.err)
      .to.contain(path.join(inTheWay, 'data'))
      .and.to.match(/^The data folder .*\n$/);
    expect(noDatabase.err).to.match(/^The database of DATABASE_URL \(postgres:\/\/127\.0\.0\.1:1\/desk\) cannot be used: .*\n$/);
    expect(badPort.err).to.equal('PORT must be a number from 0 to 65535, not "many".\n');
    expect(badFile.err).to.contain(`${path.join(site, 'helpdesk.config.ts')} cannot be read`);
  });

  it('refuses a schema that a newer version made', async () => {
    await desk.storage.writeTx((tx) =>
      tx('migrations').insert({ owner: 'core', name: '9999-later', checksum: 'x', version: '9.9.9', ms: 1, applied_at: 1 }),
    );
    try {
      const ran = await helpdesk(desk, ['migrate']);
      expect(ran.code).to.equal(1);
      expect(ran.err).to.match(/^The database was migrated by core 9\.9\.9 .*\n$/);
    } finally {
      await desk.storage.writeTx((tx) => tx('migrations').where({ name: '9999-later' }).delete());
    }
  });

  it('writes a plugin to begin with, and no second one over it', async () => {
    const { folder } = parsed<{ folder: string }>(
      await helpdesk(desk, ['plugin', 'create', 'guest-book', '--dir', desk.app.desk.config.data, '--json']),
    );

    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { helpdesk: object };
    expect(manifest.helpdesk).to.deep.include({ id: 'guest-book', db: { slug: 'guest_book', migrations: './migrations' } });
    expect((await helpdesk(desk, ['plugin', 'create', 'guest-book', '--dir', desk.app.desk.config.data])).err).to.equal(
      `The folder ${folder} exists already.\n`,
    );
    expect((await helpdesk(desk, ['plugin', 'create', 'Guest'])).code).to.equal(1);
  });
});
