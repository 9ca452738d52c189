import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk } from '../cli/command-line.js';
import { listingsOf } from '../contracts/listings.js';

const repository = path.resolve(import.meta.dirname, '../../..');

describe('the listings of plugins/README.md', function () {
  // A compiler, mocha and a check of all rules run here, each in processes of their own.
  this.timeout(300_000);

  let site: string;
  let desk: TestDesk;
  before(async () => {
    site = mkdtempSync(path.join(tmpdir(), 'helpdesk-site-'));
    writeFileSync(path.join(site, 'helpdesk.config.ts'), 'export default {};\n');
    mkdirSync(path.join(site, 'plugins'));
    symlinkSync(path.join(repository, 'node_modules'), path.join(site, 'node_modules'));
    desk = await createTestDesk({ root: site, findsInstalled: true });
  });
  after(async () => {
    await desk.close();
    rmSync(site, { recursive: true, force: true });
  });

  it('make a plugin that passes its tests and the check, and does on a desk what they say', async () => {
    const kinds: string[] = [];
    for (const { language, action, body } of listingsOf('plugins/README.md')) {
      if (action === '') continue;
      kinds.push(action.split('=')[0] ?? '');
      if (action.startsWith('file=')) write(action.slice('file='.length), body);
      else if (action === 'run') for (const line of body.trim().split('\n')) await run(line);
      else throw new Error(`A listing in ${language} says neither "run" nor "file=".`);
    }
    await desk.app.plugins.reconcile();
    await desk.fetch('/admin/p/vip', {
      as: 'can',
      method: 'POST',
      body: new URLSearchParams({ email: 'mina@example.com', reason: 'Buys every week' }),
    });
    const { ticket } = await desk.as('mina').open({
      subject: 'Help',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Please' },
      channel: 'portal',
    });

    expect(kinds.filter((kind) => kind === 'file')).to.have.lengthOf(11);
    expect(kinds.filter((kind) => kind === 'run')).to.have.lengthOf(5);
    expect(ticket.priority).to.equal('high');
    expect(await (await desk.fetch('/admin/plugins/vip', { as: 'ada' })).text()).to.include('VIP customers');
  });

  async function run(line: string): Promise<void> {
    const [command = '', ...args] = line.split(' ');
    if (command === 'npx') {
      const ran = await helpdesk(desk, args.slice(1));
      expect(ran.code, `${line}\n${ran.out}${ran.err}`).to.equal(0);
    } else {
      const { status, stderr } = spawnSync(command, args, { cwd: site, encoding: 'utf8' });
      expect(status, `${line}\n${stderr}`).to.equal(0);
    }
  }

  function write(name: string, content: string): void {
    mkdirSync(path.dirname(path.join(site, name)), { recursive: true });
    writeFileSync(path.join(site, name), content);
  }
});
