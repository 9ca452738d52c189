import { spawn } from 'node:child_process';
import path from 'node:path';
import type { DatabaseHandle } from './database.ts';

export interface DeskProcessOptions {
  readonly database: DatabaseHandle;
  readonly pluginFolders: readonly string[];
  /** Name of the crash point at which the process kills itself. */
  readonly crashAt?: string | undefined;
  /** Milliseconds this process's clock is ahead, so that leases of a dead one have run out. */
  readonly aheadMs?: number | undefined;
}

export interface DeskProcess {
  readonly pid: number;
  /** Resolves with the signal or exit code when the process has ended. */
  readonly ended: Promise<string>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** Starts a desk of its own process with role `all` on an existing database; it runs until it is killed. */
export function startDeskProcess({ database, pluginFolders, crashAt, aheadMs = 0 }: DeskProcessOptions): DeskProcess {
  const { DATABASE_URL: _url, CRASH_AT: _crash, ...environment } = process.env;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'desk-main.js')], {
    stdio: ['ignore', 'ignore', process.env['TEST_LOG'] === undefined ? 'ignore' : 'inherit'],
    env: {
      ...environment,
      HELPDESK_DATA: database.folder,
      HELPDESK_URL: 'http://desk.example',
      DESK_PLUGIN_FOLDERS: pluginFolders.join(path.delimiter),
      DESK_AHEAD_MS: String(aheadMs),
      ...(database.url === undefined ? {} : { DATABASE_URL: database.url }),
      ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }),
    },
  });
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) };
}
