import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { apiVersion, coreFolder } from '#core/paths.js';
import { needsBundled } from '../bundled.ts';

interface Entry {
  readonly map: string;
  readonly name: string;
  readonly owner: string;
  readonly about: string;
}
interface Scripts {
  readMaps(root: string): readonly Entry[];
  readSettings(root: string): Promise<readonly { readonly owner: string; readonly key: string; readonly label: string }[]>;
  markdownOf(facts: object): string;
  apiReport(root: string, facts: object): string;
  brokenPromises(before: string, after: string): readonly string[];
}

const root = path.dirname(coreFolder);

describe('the reference for plugin authors', () => {
  let scripts: Scripts;
  let entries: readonly Entry[];
  before(async () => {
    const load = (file: string): Promise<object> => import(pathToFileURL(path.join(root, 'cli/build', file)).href) as Promise<object>;
    scripts = { ...(await load('reference.js')), ...(await load('api-report.js')) } as Scripts;
    entries = scripts.readMaps(root);
  });

  it('is up to date: `npm run reference` would write the same', async function () {
    needsBundled(this, 'auto-tagger', 'email-inbox', 'satisfaction-smiley');
    const settings = await scripts.readSettings(root);

    expect(readFileSync(path.join(root, 'plugins/HOOKS.md'), 'utf8')).to.equal(scripts.markdownOf({ entries, settings }));
  });

  it('says of each hook, slot and service when it runs', () => {
    expect(entries.filter(({ about }) => about === '').map(({ name }) => name)).to.deep.equal([]);
  });

  it('has a name and a place in the forms for each setting', async () => {
    expect((await scripts.readSettings(root)).filter(({ label }) => label === '').map(({ owner, key }) => `${owner}.${key}`)).to.deep.equal(
      [],
    );
  });

  it('lists no hook and no slot that nothing calls', () => {
    const sources = ['core', 'plugins']
      .flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`))
      .filter((name) => /\.(?:ts|hbs)$/.test(name) && !/\/(?:dist|node_modules|test)\/|(?:-hooks|\/slots|hook-map)\.ts$/.test(name))
      .map((name) => readFileSync(path.join(root, name), 'utf8'))
      .join('\n');
    const silent = entries.filter(({ name, owner, map }) => owner === 'core' && map !== 'Services' && !sources.includes(name));

    expect(silent.map(({ name }) => name)).to.deep.equal([]);
  });
});

describe('the report of the plugin API', () => {
  it('shows every change of the contract: `npm run reference` would write the same', async () => {
    const { apiReport, readMaps } = {
      ...((await import(pathToFileURL(path.join(root, 'cli/build/api-report.js')).href)) as Scripts),
      ...((await import(pathToFileURL(path.join(root, 'cli/build/reference.js')).href)) as Scripts),
    };

    expect(readFileSync(path.join(root, 'core/plugin-api.report.txt'), 'utf8')).to.equal(
      apiReport(root, { apiVersion, entries: readMaps(root) }),
    );
  });

  it('tells what was taken away or changed, unless the major version was raised', async () => {
    const { brokenPromises } = (await import(pathToFileURL(path.join(root, 'cli/build/api-report.js')).href)) as Scripts;
    const before =
      '// Plugin API 1.0.0.\n\n// a\nexport interface A {\n    readonly id: number;\n    open(): void;\n}\nexport declare function f(a: A): void;\n';
    const after = before.replace('    open(): void;\n', '').replace('f(a: A)', 'f(a: A, b: number)');

    expect(brokenPromises(before, `${before}export interface B {\n    readonly id: number;\n}\n`)).to.deep.equal([]);
    expect(brokenPromises(before, after)).to.deep.equal(['export interface A: open(): void;', 'export declare function f(a: A): void;']);
    expect(brokenPromises(before, after.replace('API 1', 'API 2'))).to.deep.equal([]);
  });
});
