import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { installPackage, stageArchive } from '#core/operations/index.js';
import { hostileArchive, type Entry } from './packages.ts';

const manifest = JSON.stringify({ name: 'note', version: '1.0.0', helpdesk: { manifest: 1, id: 'note', title: 'Note', api: '^1.0' } });
const good: readonly Entry[] = [
  { name: 'package/package.json', content: manifest },
  { name: 'package/index.js', content: 'export default { activate() {} };' },
];

/** One record of a pax header. */
function pax(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const length = body.length + String(body.length + 2).length;
  return `${length}${body}`;
}

const corpus: readonly [what: string, code: string, entries: readonly Entry[]][] = [
  ['an absolute path', 'archive.absolute', [{ name: '/tmp/helpdesk-evil.js' }]],
  ['a drive letter', 'archive.absolute', [{ name: 'C:/evil.js' }]],
  ['a path that leads outside', 'archive.outside', [{ name: 'package/../../evil.js' }]],
  ['a path into a folder whose name begins like ours', 'archive.outside', [{ name: 'package/../../plugins-evil/evil.js' }]],
  ['a path with backslashes', 'archive.name', [{ name: String.raw`package\..\evil.js` }]],
  ['a symbolic link', 'archive.link', [{ name: 'package/link.js', type: '2', link: '/etc/hostname' }]],
  [
    'a file through a symbolic link',
    'archive.link',
    [
      { name: 'package/lib', type: '2', link: '../../..' },
      { name: 'package/lib/evil.js', content: '' },
    ],
  ],
  ['a hard link', 'archive.link', [{ name: 'package/link.js', type: '1', link: 'package/index.js' }]],
  ['a pipe', 'archive.special', [{ name: 'package/pipe', type: '6' }]],
  ['a character device', 'archive.special', [{ name: 'package/null', type: '3' }]],
  ['a block device', 'archive.special', [{ name: 'package/disk', type: '4' }]],
  ['one name twice', 'archive.duplicate', [{ name: 'package/index.js', content: 'evil' }]],
  ['names that differ by capitals', 'archive.duplicate', [{ name: 'package/Index.js' }]],
  ['folders that differ by capitals', 'archive.duplicate', [{ name: 'package/lib/a.js' }, { name: 'package/Lib/b.js' }]],
  ['names that differ by Unicode form', 'archive.duplicate', [{ name: 'package/caf\u00E9.js' }, { name: 'package/cafe\u0301.js' }]],
  ['a file that is also a folder', 'archive.duplicate', [{ name: 'package/index.js/deeper.js' }]],
  ['files beside its one folder', 'archive.layout', [{ name: 'elsewhere/evil.js' }]],
  ['too many files', 'archive.too-many', Array.from({ length: 2000 }, (_, index) => ({ name: `package/${index}.js` }))],
  ['content that unpacks to a hundred times its size', 'archive.ratio', [{ name: 'package/zeros', content: Buffer.alloc(1024 * 1024) }]],
  ['content that unpacks to more than 50 MB', 'archive.too-large', [{ name: 'package/zeros', content: Buffer.alloc(50 * 1024 * 1024) }]],
  ['a size that is not true', 'archive.unreadable', [{ name: 'package/short.js', content: 'short', size: 8_000_000_000 }]],
  ['a smaller size than the content', 'archive.unreadable', [{ name: 'package/long.js', content: 'x'.repeat(2000), size: 3 }]],
  [
    'a pax header that moves the next file',
    'archive.outside',
    [
      { name: 'package/pax', type: 'x', content: pax('path', 'package/../../evil.js') },
      { name: 'package/fine.js', content: '' },
    ],
  ],
  [
    'a pax header that changes the next size',
    'archive.unreadable',
    [
      { name: 'package/pax', type: 'x', content: pax('size', '9999') },
      { name: 'package/fine.js', content: '' },
    ],
  ],
  ['a pax header for all files', 'archive.unreadable', [{ name: 'package/pax', type: 'g', content: pax('path', 'package/same.js') }]],
];

describe('a hostile archive', () => {
  // Whatever is left behind, in the folder for temporary files too, lies in a folder of the test's own.
  const systemFolder = process.env['TMPDIR'];
  let base: string;
  let data: string;
  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'helpdesk-hostile-'));
    data = path.join(base, 'data');
    mkdirSync(data);
    process.env['TMPDIR'] = base;
  });
  afterEach(() => {
    if (systemFolder === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = systemFolder;
    rmSync(base, { recursive: true, force: true });
  });

  for (const [what, code, entries] of corpus) {
    it(`is refused for ${what}, and leaves nothing behind`, async () => {
      const packed = hostileArchive([...good, ...entries]);
      const error = await installPackage({ root: base, data }, packed, { source: 'hostile.tgz' }).catch((thrown: unknown) => thrown);

      expect(error).to.include({ code });
      expect(() => stageArchive(packed)).to.throw();
      expect(readdirSync(path.join(data, 'plugins'))).to.deep.equal([]);
      expect(readdirSync(base)).to.deep.equal(['data']);
      expect(['/tmp/helpdesk-evil.js', path.join(base, 'plugins-evil')].filter((file) => existsSync(file))).to.deep.equal([]);
    });
  }

  it('is none when nothing was added to it', async () => {
    const installed = await installPackage({ root: base, data }, hostileArchive(good), { source: 'good.tgz' });

    expect(installed).to.include({ id: 'note', version: '1.0.0', replaced: undefined });
    expect(readdirSync(path.join(data, 'plugins/note'))).to.deep.equal(['index.js', 'package.json']);
  });
});
