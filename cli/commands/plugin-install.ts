import path from 'node:path';
import { installPlugin, NotFound, Refused, uninstallPlugin } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

/** Bring the files of plugins into the data folder and take them out again. */
export const installCommands: readonly Command[] = [
  {
    name: 'plugin install',
    summary: 'Puts a plugin from a folder or an archive into the data folder; runs none of its code.',
    args: ['<folder or .tgz>'],
    run: async ({ io, config, args: [source = ''], desk, say }) => {
      const installed = await installPlugin(config, path.resolve(io.cwd, source));
      const { plugins } = await desk({ isPassive: true });
      const isOn = (await plugins.list()).find(({ id }) => id === installed.id)?.row?.isDesired === true;
      say(
        isOn
          ? `${installed.id} is on: a desk that runs keeps the code it has until it is started again.`
          : `${installed.id} is off until you run "helpdesk plugin activate ${installed.id}".`,
      );
      return installed;
    },
  },
  {
    name: 'plugin uninstall',
    summary: 'Removes the files of an installed plugin that is off; its data stays.',
    args: ['<id>'],
    run: async ({ config, args: [id = ''], desk, say }) => {
      const { plugins } = await desk({ isPassive: true });
      const status = (await plugins.list()).find((one) => one.id === id);
      if (status === undefined) throw new NotFound('plugins.not-found', { message: `There is no plugin ${id}.` });
      if (status.row?.isDesired === true) throw new Refused('plugins.active', { message: `${id} is active; deactivate it first.` });
      const removed = await uninstallPlugin(config, status.found, id);
      say(`The data of ${id} stays. To delete it for good: helpdesk plugin delete-data ${id} --confirm ${id}`);
      return { id, removed };
    },
  },
];
