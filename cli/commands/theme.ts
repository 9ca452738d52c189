import { listThemes, NotFound } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

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
    name: 'theme activate',
    summary: 'Gives the portal another look.',
    args: ['<id>'],
    run: async ({ config, desk, args: [id = ''] }) => {
      if (!listThemes(config).some((one) => one.id === id)) throw new NotFound('themes.not-found', { message: `There is no theme ${id}.` });
      const app = await desk({ isStarted: false });
      await app.activateTheme(id);
      return { id };
    },
  },
];
