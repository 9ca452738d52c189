import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { coreFolder } from '../../paths.ts';

const mocha = path.join(path.dirname(coreFolder), 'node_modules/mocha/bin/mocha.js');

/** Whether tests can run here: an installation may leave the development packages out. */
export function hasTestRunner(): boolean {
  return existsSync(mocha);
}

/** The tests of a built plugin folder, by their path in it. */
export function testsIn(folder: string): readonly string[] {
  return ['dist/test', 'test']
    .filter((place) => existsSync(path.join(folder, place)))
    .flatMap((place) => readdirSync(path.join(folder, place), { recursive: true, encoding: 'utf8' }).map((name) => path.join(place, name)))
    .filter((name) => name.endsWith('.test.js'));
}

export interface TestRun {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where mocha writes what came of it as JSON; without it people read along. */
  readonly report?: string;
  /** Milliseconds; without end unless said. */
  readonly limitMs?: number;
}

/** Runs tests of a built plugin folder as the desk's own tests run, and returns how the process ended. */
export function runTests(
  folder: string,
  files: readonly string[],
  { env, report, limitMs }: TestRun,
): Promise<number | NodeJS.Signals | null> {
  const reporting = report === undefined ? [] : ['--reporter', 'json', '--reporter-option', `output=${report}`];
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', mocha, '--exit', '--timeout', '20000', '--no-config', ...reporting, ...files],
    {
      cwd: folder,
      env,
      stdio: ['ignore', ...(report === undefined ? (['inherit', 'inherit'] as const) : (['ignore', 'ignore'] as const))],
      ...(limitMs !== undefined && { timeout: limitMs, killSignal: 'SIGKILL' }),
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}
