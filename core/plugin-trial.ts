import { fork } from 'node:child_process';
import path from 'node:path';
import type { PluginFacts } from './conformance/index.ts';
import type { StagedPlugin } from './operations/index.ts';

/** What came of running a plugin in a desk made for that. */
export interface Trial {
  readonly problems: readonly string[];
  /** Absent when it could not be switched on. */
  readonly facts?: PluginFacts | undefined;
}

/** What a trial process is told. */
export interface TrialOrder {
  readonly folder: string;
  readonly parent: string;
  readonly beside: readonly string[];
  /** Also asks whether it keeps the rules of all plugins, which takes longer. */
  readonly isThorough: boolean;
}

const patienceMs = { brief: 30_000, thorough: 300_000 };

/** Switches a staged plugin on and off in a desk of its own, in a process of its own that has a time limit and none of this one's secrets. */
export function tryPlugin(
  { folder, parent }: StagedPlugin,
  { beside, isThorough }: { readonly beside: readonly string[]; readonly isThorough: boolean },
): Promise<Trial> {
  const order: TrialOrder = { folder, parent, beside, isThorough };
  const limit = isThorough ? patienceMs.thorough : patienceMs.brief;
  const child = fork(path.join(import.meta.dirname, 'plugin-trial-main.js'), [], {
    cwd: path.dirname(parent),
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: limit,
    killSignal: 'SIGKILL',
  });
  child.send(order);
  return new Promise((resolve, reject) => {
    let trial: Trial | undefined;
    child.once('message', (message: Trial) => (trial = message));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const end = signal === 'SIGKILL' ? `is not done within ${limit / 1000} seconds` : `ends the process (${signal ?? String(code)})`;
      resolve(trial ?? { problems: [`The plugin ${end} when it is run in a desk.`] });
    });
  });
}
