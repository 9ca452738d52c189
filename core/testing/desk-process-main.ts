import { createServer } from 'node:http';
import { createApp, readConfig } from '../app.ts';
import { systemClock } from '../kernel/clock.ts';
import { createLogger } from '../log.ts';

// A whole desk in a process of its own, for tests that kill it. Prints its port once it answers.
const folders = process.env['TEST_PLUGIN_FOLDERS'];
const app = await createApp({
  config: readConfig(process.env, {}, process.cwd()),
  clock: systemClock,
  log: createLogger('warn', systemClock, (line) => process.stderr.write(line)),
  role: 'all',
  pluginFolders: folders === undefined || folders === '' ? [] : folders.split(':'),
});
await app.start();
const answer = app.callback();
const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' && address !== null ? address.port : 0 })}\n`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void app.stop().then(() => process.exit(0));
});
