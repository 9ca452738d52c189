import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apiVersion, authorOptions, Conflict, Invalid } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

const idShape = /^[a-z](?=.{1,39}$)[a-z0-9]*(-[a-z0-9]+)*$/;

export const pluginCreate: Command = {
  name: 'plugin create',
  summary: 'Writes a small plugin to begin with: a portal page at /p/<id> and a table of its own.',
  args: ['<id>'],
  options: { dir: { value: 'folder', help: 'Where its folder is made; default plugins.' } },
  run: async ({ io, config, args: [id = ''], options }) => {
    if (!idShape.test(id))
      throw new Invalid('plugins.bad-id', {
        message: `"${id}" is not an id: small letters and digits with single hyphens between, 2 to 40 in all.`,
      });
    const parent = typeof options['dir'] === 'string' ? path.resolve(io.cwd, options['dir']) : path.join(config.root, 'plugins');
    const folder = path.join(parent, id);
    if (existsSync(folder)) throw new Conflict('plugins.folder-taken', { message: `The folder ${folder} exists already.` });
    for (const [name, content] of Object.entries(filesOf(id, { isWorkspace: parent === path.join(config.root, 'plugins') }))) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    return { id, folder };
  },
};

function filesOf(id: string, { isWorkspace }: { readonly isWorkspace: boolean }): Readonly<Record<string, string>> {
  const slug = id.replaceAll('-', '_').slice(0, 16);
  const title = id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
  return {
    'package.json': json({
      name: `@helpdesk/${id}`,
      version: '0.1.0',
      private: true,
      type: 'module',
      main: './dist/index.js',
      peerDependencies: { '@helpdesk/core': '*' },
      helpdesk: {
        manifest: 1,
        id,
        title,
        api: `^${apiVersion}`,
        db: { slug, migrations: './migrations' },
        locales: './locales',
        templates: './templates',
        personalData: false,
      },
    }),
    'tsconfig.json': json(isWorkspace ? workspaceConfig : ownConfig),
    'index.ts': `import { definePlugin } from '@helpdesk/core/plugin';
import { countVisit } from './visits.ts';

export default definePlugin({
  activate(ctx) {
    ctx.http.portal([
      {
        method: 'get',
        path: '/',
        public: true,
        handler: async (request) => {
          await ctx.http.page(request, {
            area: 'portal',
            template: '${id}/page',
            title: request.state.translator.t('${id}.title'),
            view: { visits: await countVisit(ctx.db, ctx.clock) },
          });
        },
      },
    ]);
  },
});
`,
    'visits.ts': `import type { PluginContext } from '@helpdesk/core/plugin';

/** Writes down one visit and returns how many there were. */
export async function countVisit(db: PluginContext['db'], clock: PluginContext['clock']): Promise<number> {
  return db.tx(async (tx) => {
    await tx.table('visits').insert({ visited_at: clock.now() });
    const row = await tx.table('visits').count({ n: '*' }).first();
    return Number(row?.['n'] ?? 0);
  });
}
`,
    'migrations/0001-visits.ts': `import type { Migration } from '@helpdesk/core/plugin';

/** \`table\` puts the plugin's prefix before a name. */
export const up: Migration['up'] = async (tx, table) => {
  await tx.schema.createTable(table('visits'), (visits) => {
    visits.bigIncrements('id');
    visits.bigInteger('visited_at').notNullable();
  });
};
`,
    'templates/page.hbs': `{{!-- template: ${id}/page version: 1 --}}
<div class="wrap wrap--text">
<div class="portal__title"><h1>{{t "${id}.title"}}</h1></div>
<p>{{t "${id}.visits" count=visits}}</p>
</div>
`,
    'locales/en.json': json({
      [`${id}.plugin.title`]: title,
      [`${id}.plugin.description`]: 'Counts the visits of a page.',
      [`${id}.title`]: title,
      [`${id}.visits`]: { one: 'This page was visited once.', other: 'This page was visited {count} times.' },
    }),
    'locales/tr.json': json({
      [`${id}.plugin.title`]: title,
      [`${id}.plugin.description`]: 'Bir sayfanın ziyaretlerini sayar.',
      [`${id}.title`]: title,
      [`${id}.visits`]: { other: 'Bu sayfa {count} kez ziyaret edildi.' },
    }),
    'test/visits.test.ts': `import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk } from '@helpdesk/core/testing';

describe('the page of ${id}', () => {
  it('counts its visits', async () => {
    const desk = await createTestDesk({ plugins: [path.resolve(import.meta.dirname, '../..')] });

    await desk.fetch('/p/${id}');
    expect(await (await desk.fetch('/p/${id}')).text()).to.include('visited 2 times');
    await desk.close();
  });
});
`,
    'README.md': `# ${title}

A portal page at \`/p/${id}\` that counts its visits.

- \`npx helpdesk dev <folder>\` runs it on a desk with sample data and follows what you save.
- \`npx helpdesk plugin test <folder>\` runs its tests, \`plugin check <folder>\` looks for what is wrong.
- \`npx helpdesk plugin pack <folder>\` writes the archive that others install.
`,
  };
}

// In the site's own plugins folder the desk's build compiles it.
const workspaceConfig = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { types: ['node', 'mocha'] },
  include: ['**/*.ts'],
  references: [{ path: '../../core' }],
};
// Anywhere else this is for the editor: the commands compile by rules of their own.
const ownConfig = {
  compilerOptions: { ...authorOptions, types: ['node', 'mocha'], allowImportingTsExtensions: true, noEmit: true },
  include: ['**/*.ts'],
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
