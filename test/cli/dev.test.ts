import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { freePort, until } from '#core/testing/index.js';

const command = path.resolve(import.meta.dirname, '../../../cli/bin/helpdesk.js');

describe('helpdesk dev', function () {
  this.timeout(120_000);

  let folder: string;
  let port: number;
  let child: ChildProcess;
  let said = '';
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-dev-'));
    port = await freePort();
    await run('plugin', 'create', 'hello', '--dir', folder);
    child = start('dev', path.join(folder, 'hello'));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (said += data.toString()));
    await until(() => said.includes('/dev/sign-in?key='));
  });
  after(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [command, ...args], {
      env: { ...process.env, HELPDESK_DATA: path.join(folder, 'data'), DATABASE_URL: '', PORT: String(port), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  function run(...args: readonly string[]): Promise<number | null> {
    return new Promise((resolve) => start(...args).once('exit', resolve));
  }

  const page = (address: string): Promise<string> =>
    fetch(`http://127.0.0.1:${port}${address}`).then(
      (answer) => answer.text(),
      () => '',
    );

  function change(file: string, from: string | RegExp, to: string): void {
    const place = path.join(folder, 'hello', file);
    const before = readFileSync(place, 'utf8');
    const after = before.replace(from, to);
    expect(after, `${file} holds ${from}`).not.to.equal(before);
    writeFileSync(place, after);
  }

  it('runs the plugin on a desk with tickets, which one link opens', async () => {
    expect(await page('/p/hello'))
      .to.include('visited once')
      .and.include('/dev/reload.js');
    const link = /http:\S+\/dev\/sign-in\S+/.exec(said)?.[0] ?? '';
    const signedIn = await fetch(link, { redirect: 'manual' });
    const cookie = signedIn.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    const list = await fetch(`http://127.0.0.1:${port}/desk/inbox/open`, { headers: { Cookie: cookie } });

    expect(await list.text()).to.match(/\/desk\/tickets\/\d+|\/desk\/inbox\/open\/\d+/);
    expect((await fetch(link.replace(/key=.*/, 'key=guessed'), { redirect: 'manual' })).status).to.equal(404);
  });

  it('shows a changed template and text without starting anew', async () => {
    change('templates/page.hbs', '<p>', '<p data-mark="changed">');
    await until(async () => (await page('/p/hello')).includes('data-mark="changed"'));

    await until(() => /templates\/page\.hbs: shown after/.test(said));
    expect(said).not.to.include('started anew');
  });

  it('starts anew for changed code, and goes on with the last good one when it does not parse', async () => {
    change('index.ts', 'await countVisit(ctx.db, ctx.clock)', '5000 + (await countVisit(ctx.db, ctx.clock))');
    await until(async () => /5,\d{3} times/.test(await page('/p/hello')));

    change('visits.ts', /$/, '\nconst broken: = 1;\n');
    await until(() => said.includes('visits.ts:'));
    expect(await page('/p/hello')).to.match(/5,\d{3} times/);

    change('visits.ts', '\nconst broken: = 1;\n', '');
    change('index.ts', '5000 +', '7000 +');
    await until(async () => /7,\d{3} times/.test(await page('/p/hello')));
  });

  it('refuses a folder that holds no plugin', async () => {
    expect(await run('dev', path.join(folder, 'nothing'))).to.equal(1);
  });
});
