import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { discover } from '#core/kernel/discovery.js';
import { readManifest } from '#core/kernel/manifest.js';
import { checkManifest } from '#core/kernel/manifest-schema.js';
import { errorOf, temporaryFolder } from './support.js';

const good = { manifest: 1, id: 'kb', title: 'Knowledge base', api: '^1.0.0' };

async function pluginFolder(parent: string, name: string, helpdesk: unknown, pack: object = {}): Promise<string> {
  const folder = path.join(parent, name);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: './index.js', helpdesk, ...pack }));
  await writeFile(path.join(folder, 'index.js'), 'throw new Error("discovery ran my code");');
  return folder;
}

describe('a manifest', () => {
  it('may use everything it can declare', () => {
    const full = {
      ...good,
      $schema: 'https://example.com/schema.json',
      requires: { tags: '^1.0.0' },
      db: { slug: 'kb', migrations: './migrations', engines: ['sqlite3', 'pg'] },
      permissions: [{ key: 'kb.article.edit', title: 'Edit articles', defaultRoles: ['admin'] }],
      uses: ['tickets:read', 'net:*.example.com:8443'],
      contributes: {
        adminPages: [{ path: '/', title: 'Articles' }],
        jobs: [{ name: 'kb.clean', cron: '0 3 * * *' }],
        hooks: { defines: ['kb.article.html'] },
      },
      'x-anything': { free: true },
    };

    expect(checkManifest(full)).to.deep.equal({ manifest: full });
  });

  const refusals: readonly [string, object, string][] = [
    ['a misspelled field', { requries: {} }, 'unknown field "requries"'],
    ['a misspelled nested field', { db: { slug: 'kb', migrations: 'm', engine: ['pg'] } }, 'helpdesk.db has an unknown field "engine"'],
    ['an id with capitals', { id: 'Kb' }, 'helpdesk.id'],
    ['an id of 41 characters', { id: 'a'.repeat(41) }, 'helpdesk.id'],
    ['a reserved id', { id: 'admin' }, 'reserved'],
    ['a slug with a dash', { db: { slug: 'k-b', migrations: 'm' } }, 'helpdesk.db.slug'],
    ['a slug of one letter', { db: { slug: 'k', migrations: 'm' } }, 'helpdesk.db.slug'],
    ['a slug of 17 letters', { db: { slug: 'k'.repeat(17), migrations: 'm' } }, 'helpdesk.db.slug'],
    ['__proto__ as a requirement', JSON.parse('{"requires":{"__proto__":"*"}}') as object, '__proto__'],
    ['an absolute path', { assets: '/etc' }, 'helpdesk.assets'],
    ['a path that climbs', { assets: 'a/../../b' }, 'helpdesk.assets'],
    ['a path that is a climb', { assets: '..' }, 'helpdesk.assets'],
    ['a Windows path', { assets: String.raw`a\b` }, 'helpdesk.assets'],
    ['a drive', { assets: 'C:/b' }, 'helpdesk.assets'],
    ['TypeScript as main', { main: './index.ts' }, 'helpdesk.main'],
    ['a use that does not exist', { uses: ['tickets:delete'] }, 'helpdesk.uses'],
    ['another manifest version', { manifest: 2 }, 'helpdesk.manifest'],
    ['a homepage that is a script', { homepage: 'javascript:alert(1)' }, 'helpdesk.homepage'],
  ];
  for (const [name, change, words] of refusals) {
    it(`is refused for ${name}`, () => {
      const checked = checkManifest({ ...good, ...change });

      expect('problems' in checked && checked.problems.join(' ')).to.include(words);
    });
  }

  it('accepts a path whose name begins with dots', () => {
    expect(checkManifest({ ...good, assets: './..assets/x' })).to.have.property('manifest');
  });
});

describe('reading a plugin folder', () => {
  let root: string;
  beforeEach(async () => {
    root = await temporaryFolder();
  });

  const codeFor = async (folder: string) => (await errorOf(readManifest(folder))) as { code: string; details: { message: string } };

  it('finds the entry without running it', async () => {
    const folder = await pluginFolder(root, 'kb', good);

    const found = await readManifest(folder);

    expect(found).to.include({ id: 'kb', version: '1.0.0', entry: path.join(found.folder, 'index.js') });
  });

  it('follows symbolic links before it believes a path', async () => {
    const folder = await pluginFolder(root, 'kb', { ...good, assets: './assets' });
    await mkdir(path.join(root, 'kb-outside'));
    await symlink(path.join(root, 'kb-outside'), path.join(folder, 'assets'));

    expect(await codeFor(folder)).to.include({ code: 'manifest.outside' });
  });

  it('refuses what is missing, in a sentence that names the folder', async () => {
    const { code, details } = await codeFor(await pluginFolder(root, 'kb', { ...good, locales: './locales' }));

    expect(code).to.equal('manifest.missing-file');
    expect(details.message).to.equal('kb: "locales" points to ./locales, which does not exist.');
  });

  it('refuses a package without version, without manifest, or with TypeScript as main', async () => {
    expect(await codeFor(await pluginFolder(root, 'a', good, { version: 'one' }))).to.include({ code: 'manifest.version' });
    expect(await codeFor(await pluginFolder(root, 'b', undefined))).to.include({ code: 'manifest.absent' });
    expect(await codeFor(await pluginFolder(root, 'c', good, { main: './index.ts' }))).to.include({ code: 'manifest.main' });
  });
});

describe('discovering plugins', () => {
  it('reports broken folders and finds the others', async () => {
    const [bundled, installed] = [await temporaryFolder(), await temporaryFolder()];
    await pluginFolder(bundled, 'kb', good);
    await pluginFolder(bundled, 'typo', { ...good, id: 'typo', requries: {} });
    await mkdir(path.join(bundled, 'empty'));
    await mkdir(path.join(bundled, 'no-json'));
    await writeFile(path.join(bundled, 'no-json', 'package.json'), '{');
    await pluginFolder(installed, 'kb-again', good);
    await pluginFolder(installed, 'tags', { ...good, id: 'tags' });
    await symlink(path.join(installed, 'tags'), path.join(installed, 'linked'));

    const { plugins, broken } = await discover([{ folder: bundled }, { folder: installed }, { folder: path.join(bundled, 'absent') }]);

    expect(plugins.map(({ id }) => id)).to.deep.equal(['kb', 'tags']);
    expect(broken.map(({ folder, code }) => `${path.basename(folder)} ${code}`)).to.deep.equal([
      'empty manifest.unreadable',
      'no-json manifest.unreadable',
      'typo manifest.invalid',
      'kb-again discovery.duplicate',
      'linked discovery.link',
    ]);
  });
});
