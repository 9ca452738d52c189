import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createDatabase, freePort, until, type DatabaseHandle } from '#core/testing/index.js';

const command = path.resolve(import.meta.dirname, '../../../cli/bin/helpdesk.js');

describe('helpdesk start', function () {
  // Several processes of a desk start here, one after the other, beside all other tests.
  this.timeout(90_000);

  let database: DatabaseHandle;
  let env: NodeJS.ProcessEnv;
  let port: number;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    database = await createDatabase();
    port = await freePort();
    env = {
      ...process.env,
      HELPDESK_DATA: database.folder,
      DATABASE_URL: database.url ?? '',
      PORT: String(port),
      HELPDESK_URL: '',
      LOG_LEVEL: 'silent',
    };
    delete env['HELPDESK_URL'];
  });
  afterEach(async () => {
    for (const child of started.splice(0))
      if (child.exitCode === null && child.signalCode === null) await ended(child, () => child.kill('SIGKILL'));
    database.remove();
  });

  function start(...args: readonly string[]): { readonly child: ChildProcess; readonly said: () => string } {
    const child = spawn(process.execPath, [command, 'start', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
    return { child, said: () => text };
  }

  it('prints where it runs and the setup link, and ends in peace when asked', async () => {
    const { child, said } = start('--no-supervisor');
    await until(() => said().includes('/setup?token='));

    expect(said()).to.contain(`helpdesk runs at http://127.0.0.1:${port}/`);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).to.equal(200);
    expect(await ended(child, () => child.kill('SIGTERM'))).to.equal(0);
  });

  it('F26: runs without the key of the secrets that it holds, and says so', async () => {
    const storage = database.open();
    await storage.writeTx((tx) =>
      tx('secrets').insert({ owner: 'core.mail', key: 'smtp', ciphertext: 'x', key_id: 'lost', created_at: 1, updated_at: 1 }),
    );
    await storage.close();

    const { said } = start('--no-supervisor');
    await until(() => said().includes('/setup?token='));

    expect(said()).to.match(/The key file .*secret\.key is missing or wrong\. The desk runs, and stored passwords must be entered again\./);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(200);
    expect(existsSync(path.join(database.folder, 'secret.key'))).to.equal(false);
  });

  it('starts a process again that was killed, and takes it along when it ends', async () => {
    const { child, said } = start();
    await until(() => said().includes('/setup?token='));
    const [first] = await servingPids(database);
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => said().split('/setup?token=').length === 3);

    const second = (await servingPids(database)).find((pid) => pid !== first);
    expect(second).to.be.a('number');
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).to.equal(200);
    expect(await ended(child, () => child.kill('SIGTERM'))).to.equal(0);
    expect(() => process.kill(second ?? 0, 0)).to.throw(/ESRCH/);
  });

  it('starts anew when it is asked to, at once and as another process', async () => {
    const { child, said } = start();
    await until(() => said().includes('/setup?token='));
    const [first] = await servingPids(database);
    const asking = spawn(process.execPath, [command, 'restart'], { env, stdio: 'ignore' });
    expect(await ended(asking)).to.equal(0);
    await until(() => said().split('/setup?token=').length === 3);

    expect(said()).to.contain('The desk starts anew.');
    expect((await servingPids(database)).includes(first ?? 0)).to.equal(false);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).to.equal(200);
    expect(await ended(child, () => child.kill('SIGTERM'))).to.equal(0);
  });

  it('waits for its child without having loaded anything of a desk', () => {
    const loaded = (file: string): readonly string[] =>
      [...readFileSync(file, 'utf8').matchAll(/^import .*from '(?!node:)(.+)';$/gm)].flatMap(([, from = '']) => [
        from,
        ...(from.startsWith('.') ? loaded(path.resolve(path.dirname(file), from)) : []),
      ]);

    expect(loaded(path.resolve(command, '../../dist/entry.js'))).to.deep.equal(['./supervising.js']);
  });

  it('refuses an option that does not exist as every command does', async () => {
    const { child, said } = start('--wbe');

    expect(await ended(child)).to.equal(2);
    expect(said()).to.equal('There is no option --wbe. See "helpdesk start --help".\n');
  });

  it('says that the port is taken, once, and gives up', async () => {
    const { said } = start('--no-supervisor');
    await until(() => said().includes('/setup?token='));

    const other = start();

    expect(await ended(other.child)).to.equal(1);
    expect(other.said()).to.match(/^The address is in use already: .*PORT\.\n$/);
  });
});

async function servingPids(database: DatabaseHandle): Promise<readonly number[]> {
  const storage = database.open();
  try {
    return await storage.read('processes').where({ role: 'all' }).pluck('pid');
  } finally {
    await storage.close();
  }
}

function ended(child: ChildProcess, end: () => void = () => undefined): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code));
    end();
  });
}
