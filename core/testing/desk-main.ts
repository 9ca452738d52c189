import path from 'node:path';
import { createApp, readConfig } from '../app.ts';
import { systemClock } from '../kernel/clock.ts';
import { createLogger } from '../log.ts';
import { listenOnLoopback } from './listening.ts';

// The process that `startDeskProcess` starts; it is configured by its environment alone and prints its address.
const ahead = Number(process.env['DESK_AHEAD_MS'] ?? 0);
const clock = { now: () => systemClock.now() + ahead };
const app = await createApp({
  config: readConfig(
    process.env,
    { privateHosts: (process.env['DESK_PRIVATE_HOSTS'] ?? '').split(',').filter((host) => host !== '') },
    process.env['HELPDESK_DATA'] ?? '.',
  ),
  clock,
  log: createLogger(process.env['TEST_LOG'] === undefined ? 'error' : 'debug', clock, (line) => process.stderr.write(line)),
  role: process.env['DESK_ROLE'] === 'web' ? 'web' : process.env['DESK_ROLE'] === 'work' ? 'work' : 'all',
  isMigrated: true,
  pluginFolders: (process.env['DESK_PLUGIN_FOLDERS'] ?? '').split(path.delimiter).filter((folder) => folder !== ''),
});
const letGo = app.guard();
await app.start();
const server = await listenOnLoopback(app);
process.stdout.write(`${server.url}\n`);
process.once('SIGTERM', () => {
  void server
    .close()
    .then(() => app.stop())
    .then(letGo)
    .then(() => process.exit(0));
});
