import { spawn } from 'node:child_process';
import path from 'node:path';
import type { DatabaseHandle } from './database.ts';

export interface DeskProcessOptions {
  readonly database: DatabaseHandle;
  readonly pluginFolders?: readonly string[] | undefined;
  /** Name of the crash point at which the process kills itself. */
  readonly crashAt?: string | undefined;
  /** Hosts of the private network that the process may reach. */
  readonly privateHosts?: readonly string[] | undefined;
  /** Milliseconds this process's clock is ahead, so that leases of a dead one have run out. */
  readonly aheadMs?: number | undefined;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface DeskProcess {
  readonly pid: number;
  /** Base URL, once the desk answers; rejects when the process ends before. */
  readonly listening: Promise<string>;
  /** Resolves with the signal or exit code when the process has ended. */
  readonly ended: Promise<string>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  /** SIGTERM, and waits until the process has stopped by itself. */
  stop(): Promise<void>;
}

const lastWords = 2000;

/** Starts a desk in a process of its own with role `all` on an existing database; it runs until it is killed. */
export function startDeskProcess({
  database,
  pluginFolders = [],
  crashAt,
  privateHosts = [],
  aheadMs = 0,
  env = {},
}: DeskProcessOptions): DeskProcess {
  const { DATABASE_URL: _url, CRASH_AT: _crash, ...environment } = process.env;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'desk-main.js')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      HELPDESK_DATA: database.folder,
      HELPDESK_URL: 'http://desk.example',
      DESK_PLUGIN_FOLDERS: pluginFolders.join(path.delimiter),
      DESK_PRIVATE_HOSTS: privateHosts.join(','),
      DESK_AHEAD_MS: String(aheadMs),
      ...(database.url === undefined ? {} : { DATABASE_URL: database.url }),
      ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }),
      ...env,
    },
  });
  // Its last words, for whoever waits for an answer that never comes.
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-lastWords);
    if (process.env['TEST_LOG'] !== undefined) process.stderr.write(text);
  });
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('close', (code, signal) => reject(new Error(`The desk process ended before it answered: ${signal ?? code}. ${said}`)));
  });
  // Whoever only waits for the end need not look at it.
  listening.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    listening,
    ended,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
