import { spawn, type ChildProcess } from 'node:child_process';
import { Failed } from '../command.ts';

export interface Running {
  stop(): Promise<void>;
}

const patienceMs = 30_000;

/** Starts a program of ours as a process of its own and waits until it says that it is ready. */
export async function startProcess(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Running> {
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await untilReady(child);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs a program of ours to its end. */
export function runProcess(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) =>
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Failed(`helpdesk ${args.slice(1).join(' ')} failed.`)))),
  );
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failed('A process of the bench did not start in time.')), patienceMs);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      then();
    };
    child.once('message', () => settle(resolve));
    child.once('exit', () => settle(() => reject(new Failed('A process of the bench ended at once.'))));
  });
}
