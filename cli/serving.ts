import { createServer, type Server } from 'node:http';
import type { App, Config } from '@helpdesk/core/operator';
import type { Io } from './command.ts';
import { openDesk } from './session.ts';

type Role = 'web' | 'work' | 'all';

// Below the 25 s that process managers usually wait before they kill.
const patienceMs = 5000;

/** Runs the desk in this process until it is asked to stop. */
export async function serve(io: Io, config: Config, role: Role): Promise<void> {
  try {
    await serveUntil(io, config, role);
  } finally {
    // The channel to the supervisor would keep the process alive.
    if (process.connected) process.disconnect();
  }
}

async function serveUntil(io: Io, config: Config, role: Role): Promise<void> {
  const { stopped, restart } = untilAsked();
  // Without a parent that starts another, a process that ends is only gone.
  const app = await openDesk(io, config, { role, ...(process.connected ? { onRestart: restart } : {}) });
  if (!(await app.desk.secrets.isIntact()))
    io.err(`The key file ${config.secretFile} is missing or wrong. The desk runs, and stored passwords must be entered again.\n`);
  const server = role === 'work' ? undefined : await listen(app, config);
  const letGo = app.guard();
  try {
    await app.start();
    announce(io, config, role, await app.setupLink());
    process.send?.('ready');
    await stopped;
  } finally {
    if (server !== undefined) await close(server);
    await app.stop();
    letGo();
  }
}

// Parent and terminal may both ask, and a parent that died asks by closing its channel.
function untilAsked(): { readonly stopped: Promise<void>; restart(): void } {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => (stop = () => resolve()));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.once('disconnect', stop);
  return {
    stopped,
    restart: () => {
      process.send?.('restart');
      stop();
    },
  };
}

async function listen(app: App, { host, port }: Config): Promise<Server> {
  const server = createServer(
    {
      // Slow senders may not hold a connection for ever; uploads of 25 MB over a slow line fit.
      headersTimeout: 20_000,
      requestTimeout: 300_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5000,
    },
    app.callback(),
  );
  server.maxHeadersCount = 200;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => resolve());
    });
  } catch (error) {
    await app.stop();
    throw error;
  }
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearTimeout(timer);
}

function announce(io: Io, config: Config, role: Role, setupLink: string | undefined): void {
  if (role === 'work') io.out('helpdesk works in the background.\n');
  else io.out(`helpdesk runs at ${config.url}\n`);
  if (config.isSafe) io.out('Safe mode: no plugin runs.\n');
  if (setupLink !== undefined && role !== 'work') io.out(`Set it up at ${setupLink}\n`);
}
