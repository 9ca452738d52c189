import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { checkTheme } from '#core/theme/index.js';
import { installTheme } from '#core/operations/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk } from '../cli/command-line.js';
import { listingsOf } from '../contracts/listings.js';
import { home, repository, tick } from './support.js';

describe('the listings of themes/README.md', () => {
  let site: string;
  let desk: TestDesk;
  before(async () => {
    site = mkdtempSync(path.join(tmpdir(), 'helpdesk-site-'));
    writeFileSync(path.join(site, 'helpdesk.config.ts'), 'export default {};\n');
    cpSync(path.join(repository, 'themes/default'), path.join(site, 'themes/default'), { recursive: true });
    desk = await createTestDesk({ root: site });
  });
  after(async () => {
    await desk.close();
    rmSync(site, { recursive: true, force: true });
  });

  it('make a theme that passes the check, is shown, and can be handed over', async () => {
    let printed = '';
    const kinds: string[] = [];
    for (const { language, action, body } of listingsOf('themes/README.md')) {
      kinds.push(action.split('=')[0] ?? '');
      if (action.startsWith('file=')) write(action.slice('file='.length), body);
      else if (action === 'run') printed = await runAll(body);
      else if (action === 'output') for (const line of body.trim().split('\n')) expect(printed).to.contain(line);
      else throw new Error(`A listing in ${language} says neither "run" nor "file=" nor "output".`);
    }
    // The command ran in a process of its own; what is chosen is read anew within two seconds.
    for (let turn = 0; turn < 40 && desk.app.theming.look.theme.id !== 'lagoon'; turn++) {
      await setTimeout(100);
      await tick(desk);
    }

    const { status, html } = await home(desk, 'mina');
    const turkish = await (await desk.fetch('/', { headers: { 'Accept-Language': 'tr' } })).text();
    const problems = await checkTheme(desk.app.desk.config, path.join(site, 'themes/lagoon'));

    expect(kinds.filter((kind) => kind === 'file')).to.have.lengthOf(6);
    expect(kinds.filter((kind) => kind === 'run')).to.have.lengthOf(4);
    expect(problems.map(({ level, text }) => `${level}: ${text.split(' ')[0]}`)).to.deep.equal(['recommendation: screenshot.png']);
    expect([status, html.includes('Still waters, quick answers.'), html.includes('data-theme-density="calm"')]).to.deep.equal([
      200,
      true,
      true,
    ]);
    expect(turkish)
      .to.contain('Sizi buraya getiren nedir?')
      .and.contain('Durgun sular, hızlı yanıtlar.')
      .and.contain('Daha önce sorduklarım');
  }).timeout(60_000);

  it('pack an archive that another desk installs', async () => {
    const other = await createTestDesk({ root: repository });
    const installed = await installTheme(other.app.desk.config, path.join(site, 'lagoon-1.0.0.tgz'));
    await other.app.activateTheme('lagoon');

    expect(installed).to.include({ id: 'lagoon', version: '1.0.0', replaced: undefined });
    expect((await home(other)).html).to.contain('Still waters, quick answers.');
    await other.close();
  });

  async function runAll(script: string): Promise<string> {
    let out = '';
    for (const line of script.trim().split('\n')) {
      const [command = '', ...args] = line.split(' ');
      const ran =
        command === 'npx' && args[0] === 'helpdesk'
          ? await helpdesk(desk, args.slice(1))
          : (({ status, stdout, stderr }) => ({ code: status, out: stdout, err: stderr }))(
              spawnSync(command, args, { cwd: site, encoding: 'utf8' }),
            );
      expect(ran.code, `${line}\n${ran.out}${ran.err}`).to.equal(0);
      out += ran.out;
    }
    return out;
  }

  function write(name: string, content: string): void {
    mkdirSync(path.dirname(path.join(site, name)), { recursive: true });
    writeFileSync(path.join(site, name), content);
  }
});
