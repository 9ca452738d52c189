import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { helpdesk, parsed } from '../cli/command-line.js';
import { writeTheme } from './support.js';

describe('installing a theme', () => {
  let desk: TestDesk;
  let base: string;
  beforeEach(async () => {
    desk = await createTestDesk();
    base = desk.app.desk.config.data;
  });
  afterEach(() => desk.close());
  const installed = () => (existsSync(path.join(base, 'themes')) ? readdirSync(path.join(base, 'themes')) : []);
  const archive = (name: string, files: Readonly<Record<string, string>>): string => {
    const file = path.join(base, name);
    writeFileSync(file, tar(files));
    return file;
  };
  const manifest = (version = '1.0.0') => JSON.stringify({ title: 'Sea', version });

  it('works from an archive and from a folder, upgrades, and removes', async () => {
    const first = await helpdesk(desk, [
      'theme',
      'install',
      archive('a.tgz', { 'sea/theme.json': manifest(), 'sea/theme.css': '' }),
      '--json',
    ]);
    const same = await helpdesk(desk, ['theme', 'install', archive('b.tgz', { 'sea/theme.json': manifest() })]);
    const newer = await helpdesk(desk, [
      'theme',
      'install',
      archive('sea-1.1.0.tgz', { 'package/theme.json': manifest('1.1.0') }),
      '--json',
    ]);
    const folder = path.join(base, 'elsewhere');
    writeTheme(desk, '../elsewhere/lake', {});
    const lake = await helpdesk(desk, ['theme', 'install', path.join(folder, 'lake'), '--json']);
    await helpdesk(desk, ['theme', 'activate', 'lake']);
    const used = await helpdesk(desk, ['theme', 'remove', 'lake']);
    const removed = await helpdesk(desk, ['theme', 'remove', 'sea']);

    expect(parsed<{ id: string; version: string }>(first)).to.include({ id: 'sea', version: '1.0.0' });
    expect([same.code, same.err]).to.deep.equal([1, 'sea 1.0.0 is installed already; 1.0.0 is not newer.\n']);
    expect(parsed<{ id: string; version: string }>(newer)).to.include({ id: 'sea', version: '1.1.0', replaced: '1.0.0' });
    expect(lake.code).to.equal(0);
    expect([used.code, used.err]).to.deep.equal([1, 'The portal uses lake; choose another theme first.\n']);
    expect(removed.code).to.equal(0);
    expect(installed()).to.deep.equal(['lake']);
  });

  for (const [what, files, text] of [
    ['leads outside', { 'sea/theme.json': '{}', '../evil.css': 'x' }, /leads outside/],
    ['has an absolute path', { 'sea/theme.json': '{}', '/tmp/evil.css': 'x' }, /absolute path/],
    ['holds no theme', { 'sea/readme.txt': 'x' }, /theme\.json lies neither at the top/],
    ['holds a broken theme', { 'sea/theme.json': '{"title":"S"}' }, /lacks "version"/],
    [
      'holds a template that runs script',
      { 'sea/theme.json': '{"title":"S","version":"1.0.0"}', 'sea/pages/portal/home.hbs': '<a href="javascript:x">x</a>' },
      /runs script/,
    ],
    ['is named like no theme', { 'Sea!/theme.json': '{"title":"S","version":"1.0.0"}' }, /is not an id/],
  ] as const) {
    it(`is refused when the archive ${what}, and leaves nothing behind`, async () => {
      const { code, err } = await helpdesk(desk, ['theme', 'install', archive('bad.tgz', files)]);

      expect(code).to.equal(1);
      expect(err).to.match(text);
      expect(installed()).to.deep.equal([]);
      expect(existsSync('/tmp/evil.css')).to.equal(false);
    });
  }

  it('follows no link in a folder', async () => {
    const folder = writeTheme(desk, '../elsewhere/pond', {});
    symlinkSync('/etc/passwd', path.join(folder, 'secret.css'));

    const { code, err } = await helpdesk(desk, ['theme', 'install', folder]);

    expect([code, err]).to.deep.equal([1, 'The folder holds a link, "secret.css".\n']);
    expect(installed()).to.deep.equal([]);
  });

  it('brings pictures that can do nothing when they are opened by themselves', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    await helpdesk(desk, ['theme', 'install', archive('a.tgz', { 'sea/theme.json': manifest(), 'sea/a.svg': svg, 'sea/theme.css': '' })]);
    await desk.app.activateTheme('sea');
    const shown = await desk.fetch(desk.app.theming.assets.url('t/sea', 'a.svg'));

    expect([shown.status, shown.headers.get('Content-Security-Policy')]).to.deep.equal([
      200,
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ]);
  });

  it('works in the browser, and refuses there too', async () => {
    const upload = (content: Uint8Array, as: 'ada' | 'can' = 'ada') => {
      const body = new FormData();
      body.set('archive', new File([new Uint8Array(content)], 'sea.tgz', { type: 'application/gzip' }));
      return desk.fetch('/admin/themes', { method: 'POST', as, body });
    };
    const refused = await upload(tar({ '../evil.css': 'x' }));
    const foreign = await upload(tar({ 'theme.json': manifest() }), 'can');
    const done = await upload(tar({ 'theme.json': manifest() }));

    expect([refused.status, foreign.status, done.status]).to.deep.equal([422, 403, 303]);
    expect(await (await desk.fetch('/admin/themes', { as: 'ada' })).text()).to.contain('action="/admin/themes/sea/remove"');
    expect((await desk.fetch('/admin/themes/sea/remove', { method: 'POST', as: 'ada' })).status).to.equal(303);
    expect(installed()).to.deep.equal([]);
  });
});

/** A gzipped tar as anybody's tool writes it, with whatever names are given. */
function tar(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write('0000644\0', 100);
    head.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('        0', 148);
    head.write('ustar\0' + '00', 257);
    const sum = head.reduce((all, byte) => all + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [head, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
