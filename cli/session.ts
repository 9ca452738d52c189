import path from 'node:path';
import {
  createApp,
  createLogger,
  findSiteRoot,
  loadSiteConfig,
  prepareDataFolder,
  readConfig,
  type App,
  type Config,
  type LogLevel,
  type Storage,
} from '@helpdesk/core/operator';
import type { Io } from './command.ts';

const installation = path.resolve(import.meta.dirname, '../..');

/** Configuration file and environment together. @throws Invalid with a sentence. */
export async function siteConfig(io: Pick<Io, 'cwd' | 'env'>): Promise<Config> {
  const root = findSiteRoot(io.cwd, installation);
  return readConfig(io.env, await loadSiteConfig(root), root);
}

export interface Opening {
  readonly role: 'web' | 'work' | 'all' | 'command';
  readonly isPassive?: boolean;
  readonly logLevel?: LogLevel;
  readonly onRestart?: () => void;
  /** Default: the database that the configuration names. */
  readonly storage?: Storage;
}

/** Builds the desk without starting it; the schema is brought up to date. @throws with a sentence for what an operator can mend. */
export async function openDesk(io: Io, config: Config, { role, isPassive, logLevel, storage, onRestart }: Opening): Promise<App> {
  prepareDataFolder(config);
  const log = createLogger(logLevel ?? config.logLevel, io.clock, (line) => io.err(line));
  return createApp({
    config,
    clock: io.clock,
    log,
    role,
    ...(isPassive === undefined ? {} : { isPassive }),
    ...(onRestart === undefined ? {} : { onRestart }),
    ...(storage === undefined ? {} : { storage }),
  });
}

/** One desk for one command, opened on first use. */
export class Session {
  private readonly io: Io;
  private readonly config: Config;
  private opened: App | undefined;
  private isPassive = false;
  private isStarted = false;

  constructor(io: Io, config: Config) {
    this.io = io;
    this.config = config;
  }

  readonly desk = async ({
    isPassive = this.isPassive,
    isStarted = true,
  }: { readonly isPassive?: boolean; readonly isStarted?: boolean } = {}): Promise<App> => {
    // Logs of a command go to stderr beside its own words, so only what is wrong is said unless asked.
    const logLevel = this.io.env['LOG_LEVEL'] === undefined ? 'error' : this.config.logLevel;
    if (isPassive !== this.isPassive) await this.close();
    this.isPassive = isPassive;
    this.opened ??= await openDesk(this.io, this.config, { role: 'command', isPassive, logLevel });
    if (isStarted && !this.isStarted) {
      this.isStarted = true;
      await this.opened.start();
    }
    return this.opened;
  };

  async close(): Promise<void> {
    const opened = this.opened;
    this.opened = undefined;
    this.isStarted = false;
    await opened?.stop();
  }
}
