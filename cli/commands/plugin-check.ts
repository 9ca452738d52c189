import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkPlugin, hasTestRunner, NotFound } from '@helpdesk/core/operator';
import { Failed, type Command, type Invocation } from '../command.ts';

/** Reports what is wrong with a plugin folder, with exit code 1. */
export const pluginCheck: Command = {
  name: 'plugin check',
  summary: 'Looks for what is wrong with a plugin folder, and runs the plugin in a desk made for that, then its own tests.',
  args: ['<folder>'],
  options: { quick: { help: 'Without that desk and those tests: only the manifest, the compiler and the import.' } },
  run: async (invocation) => {
    const { options } = invocation;
    const problems = await checkPlugin(folderOf(invocation), {
      isQuick: options['quick'] === true,
      beside: pluginFolders(invocation),
    });
    if (options['quick'] !== true && !hasTestRunner())
      invocation.say('Its own tests were not run: the development packages are not installed here.');
    if (problems.length > 0) throw new Failed('', { problems });
    invocation.say('No problems.');
    return { problems };
  },
};

/** The folder that was named. @throws NotFound when there is none. */
export function folderOf({ io, args: [named = ''] }: Invocation): string {
  const folder = path.resolve(io.cwd, named);
  if (!existsSync(folder)) throw new NotFound('plugins.no-source', { message: `There is no folder ${folder}.` });
  return folder;
}

/** Where the plugins of this site lie. */
export function pluginFolders({ config }: Invocation): readonly string[] {
  return [path.join(config.root, 'plugins'), path.join(config.data, 'plugins')];
}
