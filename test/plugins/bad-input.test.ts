import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { writePlugin, type WrittenPlugin } from './support.ts';

const table = (name: string): string => `export const up = (tx, t) => tx.schema.createTable(t('${name}'), (c) => { c.increments('id'); });`;
const db = { slug: 'shared', migrations: './migrations' };

interface Case {
  readonly what: string;
  readonly plugins: readonly WrittenPlugin[];
  /** What changes on disk after the first were active. */
  readonly edits?: (folder: string) => void;
  readonly sentence: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'a typo in its manifest',
    plugins: [{ id: 'bad', activate: '', manifest: { requries: { other: '*' } } }],
    sentence: /^bad: helpdesk has an unknown field "requries"\.$/,
  },
  {
    what: 'a plugin it needs that is not installed',
    plugins: [{ id: 'bad', activate: '', manifest: { requires: { other: '^1.0' } } }],
    sentence: /^bad needs other, which is not installed\.$/,
  },
  {
    what: 'a cycle of needs',
    plugins: [
      { id: 'bad', activate: '', manifest: { requires: { other: '*' } } },
      { id: 'other', activate: '', manifest: { requires: { bad: '*' } } },
    ],
    sentence: /^(bad needs itself: bad -> other -> bad|other needs itself: other -> bad -> other)\.$/,
  },
  {
    what: 'a plugin API this desk does not have',
    plugins: [{ id: 'bad', activate: '', manifest: { api: '^99.0' } }],
    sentence: /^bad needs the plugin API \^99\.0; this desk has 1\.\d+\.\d+\.$/,
  },
  {
    what: 'a table prefix that another plugin has',
    plugins: [
      { id: 'another', activate: '', manifest: { db }, files: { 'migrations/0001-a.js': table('a') } },
      { id: 'bad', activate: '', manifest: { db }, files: { 'migrations/0001-b.js': table('b') } },
    ],
    sentence: /^bad and another both name their tables p_shared_\.$/,
  },
  {
    what: 'a migration that was edited',
    plugins: [{ id: 'bad', activate: '', manifest: { db }, files: { 'migrations/0001-a.js': table('a') } }],
    edits: (folder) => writeFileSync(path.join(folder, 'bad/migrations/0001-a.js'), `${table('a')} // changed`),
    sentence: /^bad: the migration 0001-a was edited after it ran\. Restore the file or add a new migration\.$/,
  },
  {
    what: 'a version older than its data',
    plugins: [
      { id: 'bad', activate: '', manifest: { db }, files: { 'migrations/0001-a.js': table('a'), 'migrations/0002-b.js': table('b') } },
    ],
    edits: (folder) => rmSync(path.join(folder, 'bad/migrations/0002-b.js')),
    sentence: /^The database was migrated by bad 1\.0\.0 \(step 0002-b\), which is newer than this version 1\.0\.0\. Start version/,
  },
  {
    what: 'a name of more than 63 bytes',
    plugins: [
      {
        id: 'bad',
        activate: '',
        manifest: { db },
        files: {
          'migrations/0001-a.js': `export const up = (tx, t) => tx.schema.createTable(t('a'), (c) => { c.integer('x'); c.index(['x'], '${'i'.repeat(64)}'); });`,
        },
      },
    ],
    sentence: /bad: the migration 0001-a uses names of more than 63 bytes: i{64}/,
  },
  {
    what: 'a table of the desk that it drops',
    plugins: [
      {
        id: 'bad',
        activate: '',
        manifest: { db },
        files: { 'migrations/0001-a.js': "export const up = (tx) => tx.schema.dropTable('cron_runs');" },
      },
    ],
    sentence: /^bad: the migration 0001-a dropped cron_runs, outside p_shared_\*, and was undone\.$/,
  },
  {
    what: 'a main file that exports nothing',
    plugins: [{ id: 'bad', activate: '', files: { 'index.js': 'export const nothing = 1;' } }],
    sentence: /^bad: the main file has no default export with a function activate\.$/,
  },
  {
    what: 'TypeScript for a main file',
    plugins: [
      {
        id: 'bad',
        activate: '',
        files: {
          'package.json': JSON.stringify({
            name: 'bad',
            version: '1.0.0',
            type: 'module',
            main: './index.ts',
            helpdesk: { manifest: 1, id: 'bad', title: 'Bad', api: '^1.0' },
          }),
          'index.ts': 'export default {};',
        },
      },
    ],
    sentence: /^bad: "main" is \.\/index\.ts; it must be a \.js, \.mjs or \.cjs file\.$/,
  },
];

describe('a plugin that cannot run', () => {
  let desk: TestDesk;
  let folder: string;
  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    folder = path.join(desk.database.folder, 'plugins');
    mkdirSync(folder, { recursive: true });
  });
  afterEach(() => desk.close());

  for (const { what, plugins, edits, sentence } of cases) {
    it(`is refused for ${what} with one sentence, and the desk stays up`, async () => {
      for (const plugin of plugins) writePlugin(folder, plugin);
      const activate = async (id: string): Promise<string | undefined> =>
        desk.app.plugins.activate(id).then(
          () => undefined,
          (error: { details: { message?: string; sentence?: string } }) => error.details.message ?? error.details.sentence ?? 'no sentence',
        );
      let said: string | undefined;
      for (const { id } of plugins.toSorted((a, b) => (a.id < b.id ? -1 : 1))) said = (await activate(id)) ?? said;
      if (edits !== undefined) {
        await desk.app.plugins.deactivate('bad');
        edits(folder);
        said = await activate('bad');
      }
      if (said === 'There is no plugin bad.') said = desk.app.plugins.broken.find((one) => one.folder.endsWith('bad'))?.message;

      expect(said).to.match(sentence);
      expect((await desk.fetch('/sign-in')).status).to.equal(200);
      const list = await desk.fetch('/admin/plugins', { as: 'ada' });
      expect(list.status).to.equal(200);
      expect(desk.app.plugins.snapshot.plugins.map(({ id }) => id)).to.not.include('bad');
    });
  }

  it('tells the administrator of a broken template and goes on without it', async () => {
    writePlugin(folder, {
      id: 'bad',
      manifest: { templates: './templates' },
      activate: `ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (c) => ctx.http.page(c, { area: 'portal', template: 'bad/page', title: 'x', view: {} }) }]);`,
      files: { 'templates/page.hbs': '{{!-- template: bad/page version: 1 --}}\n{{#if open}}' },
    });
    await desk.app.plugins.activate('bad');

    expect((await desk.fetch('/p/bad')).status).to.be.oneOf([404, 500]);
    expect((await desk.fetch('/')).status).to.be.oneOf([200, 303]);
  });
});
