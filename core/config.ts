import path from 'node:path';
import { Invalid } from './kernel/errors.ts';
import type { LogLevel } from './kernel/log.ts';

/** What `helpdesk.config.ts` may set; the environment wins over it. */
export interface SiteConfig {
  /** Public base URL, such as `https://support.example.com`. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  /** Folder for everything a running site writes. Default `./data`. */
  readonly data?: string;
  /** PostgreSQL URL; absent: SQLite in the data folder. */
  readonly databaseUrl?: string;
  /** `pinned` freezes the set of active plugins; the admin page is read-only then. */
  readonly plugins?: { readonly mode: 'pinned'; readonly active: readonly string[] };
  /** `false` keeps everybody from installing plugins in the browser; the command line still can. Default true. */
  readonly browserInstall?: boolean;
  /** Hosts in the private network that the desk may reach, such as a mail server or a CRM in the office. Default none. */
  readonly privateHosts?: readonly string[];
  /** Reverse proxies in front whose `X-Forwarded-*` headers are believed. Default 0. */
  readonly trustedProxies?: number;
}

export interface Config {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly databaseUrl: string | undefined;
  readonly secretFile: string;
  readonly isSafe: boolean;
  /** `NODE_ENV=development`: every handler of a plugin is timed. */
  readonly isDevelopment: boolean;
  /** Milliseconds that a plugin may block the event loop before the process is ended; `HELPDESK_WATCHDOG_MS`. */
  readonly watchdogMs: number;
  readonly logLevel: LogLevel;
  readonly locale: string;
  readonly pinnedPlugins: readonly string[] | undefined;
  readonly browserInstall: boolean;
  readonly privateHosts: readonly string[];
  readonly trustedProxies: number;
  /** Folder of the site: where `plugins/` and `themes/` lie. */
  readonly root: string;
}

/** Types the default export of `helpdesk.config.ts`. */
export function defineConfig(config: SiteConfig): SiteConfig {
  return config;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts environment, configuration file and defaults together.
 *
 * @throws Invalid `config.invalid` with a sentence that names the variable.
 */
export function readConfig(environment: Environment, site: SiteConfig, root: string): Config {
  const data = path.resolve(root, environment['HELPDESK_DATA'] ?? site.data ?? 'data');
  const host = environment['HOST'] ?? site.host ?? '127.0.0.1';
  const port = readPort(environment['PORT'] ?? site.port ?? 3000);
  return {
    url: readUrl(environment['HELPDESK_URL'] ?? site.url ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`),
    host,
    port,
    data,
    databaseUrl: readDatabaseUrl(environment['DATABASE_URL'] || site.databaseUrl),
    secretFile: path.resolve(root, environment['HELPDESK_SECRET_FILE'] ?? path.join(data, 'secret.key')),
    isSafe: environment['HELPDESK_SAFE'] === '1',
    isDevelopment: environment['NODE_ENV'] === 'development',
    watchdogMs: readWatchdog(environment['HELPDESK_WATCHDOG_MS'] ?? '10000'),
    logLevel: readLevel(environment['LOG_LEVEL'] ?? 'info'),
    locale: 'en',
    pinnedPlugins: site.plugins?.mode === 'pinned' ? site.plugins.active : undefined,
    browserInstall: site.browserInstall ?? true,
    privateHosts: (site.privateHosts ?? []).map((one) => one.toLowerCase()),
    trustedProxies: site.trustedProxies ?? 0,
    root,
  };
}

function wrong(message: string): Invalid {
  return new Invalid('config.invalid', { message });
}

function readPort(value: string | number): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw wrong(`PORT must be a number from 0 to 65535, not "${value}".`);
  return port;
}

function readWatchdog(value: string): number {
  const ms = Number(value);
  if (!Number.isInteger(ms) || ms < 500) throw wrong(`HELPDESK_WATCHDOG_MS must be 500 or more milliseconds, not "${value}".`);
  return ms;
}

function readUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw wrong(`HELPDESK_URL must begin with http:// or https://, not "${value}".`);
  return url.href;
}

function readDatabaseUrl(value: string | undefined): string | undefined {
  if (value !== undefined && !/^postgres(ql)?:\/\//.test(value))
    throw wrong('DATABASE_URL must begin with postgres:// or postgresql://; leave it out for SQLite.');
  return value;
}

function readLevel(value: string): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
  const level = levels.find((one) => one === value);
  if (level === undefined) throw wrong(`LOG_LEVEL must be one of ${levels.join(', ')}, not "${value}".`);
  return level;
}
