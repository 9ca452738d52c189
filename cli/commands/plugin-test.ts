import { hasTestRunner, runTests, stagePlugin, testsIn } from '@helpdesk/core/operator';
import { Failed, Misused, type Command } from '../command.ts';
import { folderOf } from './plugin-check.ts';

const databases = ['sqlite', 'postgres'];

/** Runs what lies in `test/`, as the desk's own tests run. */
export const pluginTest: Command = {
  name: 'plugin test',
  summary: 'Compiles a plugin folder with its tests and runs them with mocha.',
  args: ['<folder>'],
  options: { database: { value: 'sqlite|postgres', help: 'Where the desks of the tests keep their data; default sqlite.' } },
  run: async (invocation) => {
    const database = invocation.options['database'] ?? 'sqlite';
    if (typeof database !== 'string' || !databases.includes(database))
      throw new Misused(`The database is sqlite or postgres, not "${String(database)}".`);
    if (!hasTestRunner()) throw new Failed('The development packages are not installed here; run npm ci without leaving them out.');
    const staged = stagePlugin(folderOf(invocation), { withTests: true });
    try {
      if (staged.problems.length > 0) throw new Failed('', { problems: staged.problems });
      const files = testsIn(staged.folder);
      if (files.length === 0) throw new Failed('There is no test: none of the files in test/ ends in .test.ts or .test.js.');
      const end = await runTests(staged.folder, files, { env: { ...invocation.io.env, HELPDESK_TEST_DATABASE: database } });
      if (end !== 0) throw new Failed('');
    } finally {
      staged.remove();
    }
  },
};
