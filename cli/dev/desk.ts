import { createServer } from 'node:http';
import path from 'node:path';
import {
  createApp,
  createLogger,
  findUserByEmail,
  loadPlugins,
  openSession,
  prepareDataFolder,
  seedTickets,
  sentenceOf,
  setSessionCookie,
  systemClock,
  writeAdministrator,
  type App,
  type Config,
  type Middleware,
} from '@helpdesk/core/operator';
import { Reloading } from './reloading.ts';

/** What the watching parent hands over. */
export interface DevOrder {
  readonly config: Config;
  /** Holds the runnable copies of the plugins that are written. */
  readonly plugins: string;
  readonly ids: readonly string[];
  readonly key: string;
}

const admin = 'ada@example.com';
const tickets = 200;

// Run as a process of its own, since code of a plugin can be loaded only once. It is started ahead, with everything
// of the desk and of the plugins beside loaded, and waits for its order: so a change is seen sooner.
const [root = '', ...written] = process.argv.slice(2);
const loaded = loadPlugins([path.join(root, 'plugins')], written);
process.once('disconnect', () => process.exit());
process.once('message', (order) => void serve(order as DevOrder));

async function serve({ config, plugins, ids, key }: DevOrder): Promise<void> {
  const reloading = new Reloading();
  await loaded;
  prepareDataFolder(config);
  const app = await createApp({
    config,
    clock: systemClock,
    log: createLogger(config.logLevel, systemClock, (line) => process.stderr.write(line)),
    role: 'all',
    pluginFolders: [path.join(config.root, 'plugins'), plugins],
    middleware: [reloading.middleware, (ctx, next) => signIn(app, key, ctx, next)],
  });
  await app.start();
  if ((await app.desk.storage.read('tickets').first('id')) === undefined) {
    await writeAdministrator(app.desk, { name: 'Ada Yılmaz', email: admin });
    await seedTickets(app.desk, tickets);
  }
  for (const id of ids) {
    const status = (await app.plugins.list()).find((one) => one.id === id);
    if (status?.isRunning === true) continue;
    await app.plugins.activate(id).catch((error: unknown) => process.stderr.write(`${sentenceOf(error)}\n`));
  }
  process.on('message', () => {
    app.plugins.rebuild();
    reloading.announce();
  });
  createServer(app.callback())
    .once('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    })
    .listen(config.port, config.host, () => process.send?.('ready'));
}

/** Opens a session without a password. Only this program has it, and it listens where the developer sits. */
async function signIn(app: App, key: string, ...[ctx, next]: Parameters<Middleware>): Promise<unknown> {
  if (ctx.path !== '/dev/sign-in' || ctx.URL.searchParams.get('key') !== key) return next();
  const user = await findUserByEmail(app.desk.storage.read, admin);
  if (user === undefined) return next();
  ctx.state.isSecure = false;
  setSessionCookie(ctx, await openSession(app.desk, user.id, {}));
  return ctx.redirect('/desk');
}
