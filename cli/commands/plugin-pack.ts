import path from 'node:path';
import { checkStaged, dependenciesOf, packPlugin, Refused, stagePlugin } from '@helpdesk/core/operator';
import { Failed, type Command } from '../command.ts';
import { folderOf, pluginFolders } from './plugin-check.ts';

/** Writes the archive that `plugin install` takes. */
export const pluginPack: Command = {
  name: 'plugin pack',
  summary: 'Compiles a plugin folder and writes it as <id>-<version>.tgz.',
  args: ['<folder>'],
  options: { out: { value: 'folder', help: 'Where the archive is written; default the current folder.' } },
  run: async (invocation) => {
    const { io, options } = invocation;
    const folder = folderOf(invocation);
    const needed = dependenciesOf(folder);
    if (needed.length > 0)
      throw new Refused('plugins.has-dependencies', {
        message: `An archive brings no packages along, and this plugin needs ${needed.join(', ')}. Bundle them into its files.`,
      });
    const staged = stagePlugin(folder);
    try {
      const problems = await checkStaged(staged, { isQuick: true, beside: pluginFolders(invocation) });
      if (problems.length > 0) throw new Failed('', { problems });
      return await packPlugin(staged.folder, path.resolve(io.cwd, typeof options['out'] === 'string' ? options['out'] : '.'));
    } finally {
      staged.remove();
    }
  },
};
