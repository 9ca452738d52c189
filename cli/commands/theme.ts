import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  checkTheme,
  compareTemplate,
  createTheme,
  installTheme,
  listThemes,
  NotFound,
  removeTheme,
  textIn,
  themeFolder,
} from '@helpdesk/core/operator';
import { Failed, type Command } from '../command.ts';

export const themeCommands: readonly Command[] = [
  {
    name: 'theme list',
    summary: 'Lists the themes that were found.',
    run: async ({ config, desk }) => {
      const app = await desk({ isStarted: false });
      const { theme } = await app.desk.settings.get('site');
      return listThemes(config).map(({ id, title, folder, ...more }) => ({
        id,
        title: textIn(title, 'en'),
        active: id === theme,
        extends: more.extends ?? '',
        folder,
      }));
    },
  },
  {
    name: 'theme create',
    summary: 'Writes a small theme to begin with.',
    args: ['<id>'],
    options: { dir: { value: 'folder', help: 'Where its folder is made; default themes.' } },
    run: async ({ io, config, args: [id = ''], options: { dir } }) => ({
      id,
      folder: createTheme(config, id, typeof dir === 'string' ? path.resolve(io.cwd, dir) : undefined),
    }),
  },
  {
    name: 'theme check',
    summary: 'Says what is wrong with a theme; fails on what prevents its use and on errors.',
    args: ['<folder or id>'],
    run: async ({ io, config, args: [wanted = ''] }) => {
      const folder = themeFolder(config, wanted) ?? path.resolve(io.cwd, wanted);
      if (!existsSync(folder)) throw new NotFound('themes.not-found', { theme: wanted, message: `There is no theme ${wanted}.` });
      const problems = await checkTheme(config, folder);
      if (problems.some(({ level }) => level === 'fatal' || level === 'error')) throw new Failed('', problems);
      return problems;
    },
  },
  {
    name: 'theme diff',
    summary: 'Shows how a template of a theme differs from the one that it replaces.',
    args: ['<id>', '<template>'],
    run: async ({ config, args: [id = '', template = ''], say }) => {
      const { original, override, lines } = await compareTemplate(config, id, template);
      if (override.version < original.version) say(`${template} has changed since it was copied.`);
      const marks = { removed: '-', added: '+', same: ' ' };
      return [
        `--- ${original.file} (${original.owner}, version ${original.version})`,
        `+++ ${override.file} (${override.owner}, from version ${override.version})`,
        ...lines.map(({ kind, text }) => `${marks[kind]}${text}`),
      ].join('\n');
    },
  },
  {
    name: 'theme install',
    summary: 'Puts a theme from a folder or an archive into the data folder, after checking it.',
    args: ['<folder or .tgz>'],
    run: async ({ io, config, args: [source = ''], say }) => {
      const installed = await installTheme(config, path.resolve(io.cwd, source));
      say(`To use it: helpdesk theme activate ${installed.id}`);
      return installed;
    },
  },
  {
    name: 'theme remove',
    summary: 'Removes a theme that was installed and is not in use.',
    args: ['<id>'],
    run: async ({ config, args: [id = ''], desk }) => {
      const { theming } = await desk({ isStarted: false });
      await theming.read();
      return {
        id,
        removed: removeTheme(
          config,
          id,
          theming.look.chain.map((one) => one.id),
        ),
      };
    },
  },
  {
    name: 'theme activate',
    summary: 'Gives the portal another look.',
    args: ['<id>'],
    run: async ({ desk, args: [id = ''] }) => {
      const app = await desk({ isStarted: false });
      await app.activateTheme(id);
      return { id };
    },
  },
];
