import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { main } from '#cli/main.js';
import { createApp, createLogger, readConfig, systemClock } from '#core/operator.js';
import { hostileArchive, type Entry } from '../plugins/packages.js';
import { parsed, type Ran } from './command-line.js';

describe('packages of plugins', function () {
  // Checks run desks in processes of their own.
  this.timeout(120_000);

  let base: string;
  let data: string;
  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'helpdesk-packages-'));
    data = path.join(base, 'data');
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('takes a new plugin from its folder to a page of another desk, and away again', async () => {
    await run('plugin', 'create', 'guest-book', '--dir', base);
    expect(await run('plugin', 'check', 'guest-book')).to.include({ code: 0, out: '' });

    const packed = parsed<Packed>(await run('plugin', 'pack', 'guest-book', '--out', 'out', '--json'));
    expect(packed).to.include({ id: 'guest-book', version: '0.1.0', file: path.join(base, 'out/guest-book-0.1.0.tgz') });
    expect(packed.sha256).to.equal(createHash('sha256').update(readFileSync(packed.file)).digest('hex'));
    expect(parsed<Packed>(await run('plugin', 'pack', 'guest-book', '--out', 'again', '--json')).sha256).to.equal(packed.sha256);

    const installed = await run('plugin', 'install', packed.file);
    expect(installed.out).to.contain(`source: ${packed.file}\n`).and.to.contain(`sha256: ${packed.sha256}\n`);
    expect(installed.err).to.contain('is off until you run "helpdesk plugin activate guest-book"');
    expect(await page()).to.equal(404);

    expect((await run('plugin', 'activate', 'guest-book')).code).to.equal(0);
    expect(await page()).to.equal(200);
    expect((await run('plugin', 'uninstall', 'guest-book')).err).to.equal('guest-book is active; deactivate it first.\n');
    expect((await run('plugin', 'deactivate', 'guest-book')).code).to.equal(0);

    expect((await run('plugin', 'uninstall', 'guest-book')).err).to.contain('plugin delete-data guest-book');
    expect(readdirSync(path.join(data, 'plugins'))).to.deep.equal([]);
    expect(parsed(await run('plugin', 'delete-data', 'guest-book', '--confirm', 'guest-book', '--json'))).to.deep.equal({
      id: 'guest-book',
      dropped: ['p_guest_book_visits'],
    });
  });

  it('replaces an older version, and neither the same nor a newer one', async () => {
    const install = async (version: string): Promise<Ran> => run('plugin', 'install', plain('note', { version }), '--json');
    expect((await install('1.1.0')).code).to.equal(0);
    writeFileSync(path.join(data, 'plugins/note/left-over.js'), '');

    expect((await install('1.1.0')).err).to.equal('note 1.1.0 is installed already; 1.1.0 is the same.\n');
    expect((await install('1.0.9')).err).to.equal('note 1.1.0 is installed already; 1.0.9 is older.\n');
    expect(existsSync(path.join(data, 'plugins/note/left-over.js'))).to.equal(true);
    expect(parsed(await install('1.2.0'))).to.include({ version: '1.2.0', replaced: '1.1.0' });
    const [previous, now] = readdirSync(path.join(data, 'plugins')).toSorted();
    expect([previous, now?.replace(/-[0-9a-f]{8}$/, '')]).to.deep.equal(['.previous', 'note@1.2.0']);
    expect(readdirSync(path.join(data, 'plugins', now ?? ''))).to.deep.equal(['index.js', 'package.json']);
    expect(readdirSync(path.join(data, 'plugins/.previous/note'))).to.deep.equal(['note']);
  });

  it('leaves what comes with the desk alone', async () => {
    writeFileSync(path.join(base, 'helpdesk.config.ts'), 'export default {};\n');
    plain('note', { parent: path.join(base, 'plugins') });

    expect((await run('plugin', 'install', plain('note', { version: '9.0.0' }))).err).to.equal(
      'note comes with the desk and is not installed over.\n',
    );
    expect((await run('plugin', 'uninstall', 'note')).err).to.match(/^note was not installed: it came with the desk/);
    expect(existsSync(path.join(base, 'plugins/note/index.js'))).to.equal(true);
  });

  it('never runs code of what it installs', async () => {
    const mark = path.join(base, 'ran');
    const folder = plain('note', { entry: `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(mark)}, '');\n` });

    expect((await run('plugin', 'install', folder)).code).to.equal(0);
    expect(existsSync(mark)).to.equal(false);
  });

  for (const [what, entry, problem] of [
    ['starts a timer', 'setInterval(() => {}, 1000);\nexport default { activate() {} };', /leaves it open: Timeout/],
    ['makes a global', 'globalThis.mine = 1;\nexport default { activate() {} };', /global name, mine/],
    ['prints', "console.log('hello');\nexport default { activate() {} };", /prints something: hello/],
    ['ends the process', 'process.exit(0);', /ends the process \(0\)/],
    [
      'waits for ever',
      'await new Promise(() => {});\nexport default { activate() {} };',
      /ends the process \(13\)|does not finish within 10 seconds/,
    ],
    [
      'waits for ever with something open',
      'setInterval(() => {}, 1000);\nawait new Promise(() => {});',
      /does not finish within 10 seconds/,
    ],
    ['exports nothing', 'export {};', /no default export/],
  ] as const) {
    it(`finds an entry that ${what} when it is imported`, async () => {
      const checked = await run('plugin', 'check', plain('note', { entry }), '--quick');

      expect(checked.code).to.equal(1);
      expect(checked.out).to.match(problem);
    });
  }

  it('takes a default inside a default, and no second copy of the plugin API', async () => {
    const folder = plain('note');
    writeFileSync(path.join(folder, 'index.cjs'), 'exports.__esModule = true; exports.default = { activate() {} };');
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...manifest, main: './index.cjs' }));
    expect(await run('plugin', 'check', folder, '--quick')).to.include({ code: 0, out: '' });

    mkdirSync(path.join(folder, 'node_modules/@helpdesk/core'), { recursive: true });
    expect((await run('plugin', 'install', folder)).err).to.match(/brings its own copy of @helpdesk\/core; name that in peerDependencies/);
  });

  it('shows the settings of a plugin as they are set', async () => {
    const folder = plain('note', {
      entry:
        "export default { settings: { word: { type: 'string', default: 'a' }, key: { type: 'string', 'x-secret': true } }, activate() {} };",
    });
    await run('plugin', 'install', folder);
    await run('plugin', 'activate', 'note');
    await run('settings', 'set', 'note.word', 'hello');
    await run('settings', 'set', 'note.key', 'pa55phrase');

    const shown = parsed(await run('plugin', 'settings', 'note', '--json'));
    expect(shown).to.deep.equal({ 'note.word': 'hello', 'note.key': '(secret)' });
    expect(parsed(await run('settings', 'get', 'note', '--json'))).to.deep.equal(shown);
    expect((await run('settings', 'set', 'note.__proto__', 'x')).err).to.equal('There is no setting note.__proto__.\n');
  });

  it('leaves a pinned set of plugins alone', async () => {
    writeFileSync(path.join(base, 'helpdesk.config.ts'), "export default { plugins: { mode: 'pinned', active: ['note'] } };\n");
    plain('note', { parent: path.join(base, 'plugins') });
    plain('other', { parent: path.join(base, 'plugins') });
    const refusal = 'The configuration file decides which plugins run; change it there.\n';

    const listed = parsed<{ id: string; state: string }[]>(await run('plugin', 'list', '--json'));
    expect((await run('plugin', 'activate', 'other')).err).to.equal(refusal);
    expect((await run('plugin', 'deactivate', 'note')).err).to.equal(refusal);
    expect((await run('plugin', 'install', plain('third'))).err).to.equal(refusal);
    expect(listed.map(({ id }) => id)).to.deep.equal(['note', 'other']);
    const info = parsed<{ isActive: boolean }>(await run('plugin', 'info', 'note', '--json'));
    expect(info.isActive).to.equal(true);
  });

  it('tells what the compiler, the manifest and a desk have against a plugin', async () => {
    await run('plugin', 'create', 'guest-book', '--dir', base);
    writeFileSync(path.join(base, 'guest-book/visits.ts'), 'export const countVisit: number = "many";\n');
    const fails = plain('note', { entry: "export default { activate() { throw new Error('no luck today'); } };" });

    expect((await run('plugin', 'check', 'guest-book', '--quick')).out).to.match(/visits\.ts\(1,14\): error TS2322/);
    expect((await run('plugin', 'pack', 'guest-book')).code).to.equal(1);
    expect((await run('plugin', 'check', fails, '--quick')).code).to.equal(0);
    expect(await run('plugin', 'check', fails)).to.include({ code: 1, out: 'no luck today\n' });
    rmSync(path.join(fails, 'index.js'));
    expect((await run('plugin', 'check', fails)).out).to.match(/"main" points to \.\/index\.js, which does not exist/);
    expect(readdirSync(base).toSorted()).to.deep.equal(['guest-book', 'sources']);
  });

  it('takes the archive those were made of, and none that is cut short', async () => {
    const file = path.join(base, 'good.tgz');
    const packed = hostileArchive(good);
    writeFileSync(file, packed.subarray(0, packed.length - 20));
    expect((await run('plugin', 'install', file)).err).to.equal('The file is not a .tgz archive that can be read.\n');
    writeFileSync(file, packed);
    expect((await run('plugin', 'install', file)).code).to.equal(0);
  });

  it('takes no folder with a link in it', async () => {
    const folder = plain('note');
    symlinkSync('/etc/hostname', path.join(folder, 'secret.txt'));

    expect((await run('plugin', 'install', folder)).err).to.match(/^secret\.txt is a link/);
  });

  async function run(...args: readonly string[]): Promise<Ran> {
    let out = '';
    let err = '';
    const code = await main(args, {
      env: { HELPDESK_DATA: data, LOG_LEVEL: 'silent' },
      cwd: base,
      clock: systemClock,
      stdin: Readable.from([]),
      out: (text) => (out += text),
      err: (text) => (err += text),
      isTerminal: false,
    });
    return { code, out, err };
  }

  async function page(): Promise<number> {
    const log = createLogger('silent', systemClock, () => undefined);
    const config = readConfig({ HELPDESK_DATA: data }, {}, path.join(base, 'site'));
    const app = await createApp({ config, clock: systemClock, log, role: 'command' });
    await app.start();
    const server = createServer(app.callback());
    try {
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/p/guest-book`, { headers: { connection: 'close' } });
      await answer.text();
      return answer.status;
    } finally {
      await new Promise((resolve) => void server.close(resolve));
      await app.stop();
    }
  }

  function plain(id: string, { version = '1.0.0', entry = emptyEntry, parent = path.join(base, 'sources') }: Plain = {}): string {
    const folder = path.join(parent, id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), manifest(id, version));
    writeFileSync(path.join(folder, 'index.js'), entry);
    return folder;
  }
});

interface Packed {
  readonly file: string;
  readonly sha256: string;
}

interface Plain {
  readonly version?: string;
  readonly entry?: string;
  readonly parent?: string;
}

const emptyEntry = 'export default { activate() {} };\n';
const good: readonly Entry[] = [
  { name: 'package/package.json', content: Buffer.from(manifest('note', '1.0.0')) },
  { name: 'package/index.js', content: Buffer.from(emptyEntry) },
];

function manifest(id: string, version: string): string {
  return JSON.stringify({ name: id, version, type: 'module', helpdesk: { manifest: 1, id, title: 'Note', api: '^1.0.0' } });
}
