import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { coreFolder, stagePlugin } from '@helpdesk/core/operator';
import { Failed, Misused, type Command } from '../command.ts';
import { folderOf } from './plugin-check.ts';

const mocha = path.join(path.dirname(coreFolder), 'node_modules/mocha/bin/mocha.js');
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
    if (!existsSync(mocha)) throw new Failed('The development packages are not installed here; run npm ci without leaving them out.');
    const staged = stagePlugin(folderOf(invocation), { withTests: true });
    try {
      if (staged.problems.length > 0) throw new Failed('', { problems: staged.problems });
      const files = testsIn(staged.folder);
      if (files.length === 0) throw new Failed('There is no test: none of the files in test/ ends in .test.ts or .test.js.');
      const code = await run(files, { ...invocation.io.env, HELPDESK_TEST_DATABASE: database });
      if (code !== 0) throw new Failed('');
    } finally {
      staged.remove();
    }
  },
};

function testsIn(folder: string): readonly string[] {
  return ['dist/test', 'test']
    .map((name) => path.join(folder, name))
    .filter((one) => existsSync(one))
    .flatMap((one) =>
      readdirSync(one, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.test.js'))
        .map((name) => path.join(one, name)),
    );
}

function run(files: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number | null> {
  const child = spawn(process.execPath, ['--enable-source-maps', mocha, '--exit', '--timeout', '20000', '--no-config', ...files], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
