import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkTheme, createTheme, listThemes, NotFound, themeFolder } from '@helpdesk/core/operator';
import { Failed, type Command } from '../command.ts';

export const themeCommands: readonly Command[] = [
  {
    name: 'theme list',
    summary: 'Lists the themes that were found.',
    run: async ({ config, desk }) => {
      const app = await desk({ isStarted: false });
      const { theme } = await app.desk.settings.get('site');
      return listThemes(config).map(({ id, title, folder }) => ({ id, title, active: id === theme, folder }));
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
