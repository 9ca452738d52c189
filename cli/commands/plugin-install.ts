import path from 'node:path';
import { installInDesk, readPackage, systemActor, uninstallFromDesk } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

/** Bring the files of plugins into the data folder and take them out again. */
export const installCommands: readonly Command[] = [
  {
    name: 'plugin install',
    summary: 'Puts a plugin, new or newer, from a folder or an archive into the data folder.',
    args: ['<folder or .tgz>'],
    run: async ({ io, args: [named = ''], desk, say }) => {
      const source = path.resolve(io.cwd, named);
      const packed = await readPackage(source);
      const app = await desk({ isPassive: true });
      const installed = await installInDesk(app, systemActor, packed, source);
      const isOn = (await app.plugins.list()).find(({ id }) => id === installed.id)?.row?.isDesired === true;
      say(
        isOn
          ? `${installed.id} is on: a desk that runs keeps the code it has until "helpdesk restart".`
          : `${installed.id} is off until you run "helpdesk plugin activate ${installed.id}".`,
      );
      return installed;
    },
  },
  {
    name: 'plugin uninstall',
    summary: 'Removes the files of an installed plugin that is off; its data stays.',
    args: ['<id>'],
    run: async ({ args: [id = ''], desk, say }) => {
      const removed = await uninstallFromDesk(await desk({ isPassive: true }), systemActor, id);
      say(`The data of ${id} stays. To delete it for good: helpdesk plugin delete-data ${id} --confirm ${id}`);
      return { id, removed };
    },
  },
  {
    name: 'restart',
    summary: 'Starts every supervised process of the running desk anew, as after an upgrade of a plugin.',
    run: async ({ desk, say }) => {
      await (await desk({ isPassive: true, isStarted: false })).restart();
      say('Processes that "helpdesk start" watches over start anew within seconds; start the others yourself.');
      return {};
    },
  },
];
