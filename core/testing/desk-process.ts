import { spawn } from 'node:child_process';
import path from 'node:path';
import type { DatabaseHandle } from './database.ts';

export interface DeskProcess {
  readonly pid: number;
  readonly url: string;
  /** What ended the process: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGKILL, as a power cut would. */
  kill(): void;
  /** SIGTERM, and waits until the process has stopped by itself. */
  stop(): Promise<void>;
}

/**
 * Starts a real process with a whole desk on the given database. `env` adds to its environment, such as
 * `CRASH_AT` or `TEST_PLUGIN_FOLDERS` (folders with plugins, separated by colons).
 *
 * Rejects when the process ends before it answers; with `CRASH_AT` that can be what the test wants.
 */
export async function startDeskProcess(handle: DatabaseHandle, env: Readonly<Record<string, string>> = {}): Promise<DeskProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(import.meta.dirname, 'desk-process-main.js')], {
    cwd: handle.folder,
    env: { ...process.env, HELPDESK_DATA: handle.folder, HELPDESK_URL: 'http://desk.example', ...(handle.url === undefined ? {} : { DATABASE_URL: handle.url }), ...env },
    stdio: ['ignore', 'pipe', process.env['TEST_LOG'] === undefined ? 'ignore' : 'inherit'],
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)));
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      if (output.includes('\n')) resolve((JSON.parse(output.slice(0, output.indexOf('\n'))) as { port: number }).port);
    });
    void ended.then((end) => reject(new Error(`The desk process ended before it answered: ${end}.`)));
  });
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    ended,
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
