import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { freePort, measureHandlers, seedTickets, watchHookPoints, type HandlerCost } from '@helpdesk/core/operator';
import type { Invocation } from '../command.ts';
import { openDesk } from '../session.ts';
import { loadInTurns, type Figures } from './load.ts';
import { startProcess, type Running } from './processes.ts';
import { scenariosOf } from './scenarios.ts';

export interface KernelReport {
  /** Handlers on ours against the same ones on bare tapable. */
  readonly handlers: readonly HandlerCost[];
  /** All hook points and slots of a ticket page against the whole page. */
  readonly ticketPage: { readonly pageMs: number; readonly hookPointMs: number; readonly hookPoints: number; readonly share: number };
  /** The list page without and with idle plugins; `added` is the share of the median. */
  readonly idlePlugins: { readonly count: number; readonly without: Figures; readonly with: Figures; readonly added: number };
}

const idleCount = 20;
const pages = 200;
const eachMs = 6000;

/** Measures what the plugin platform itself costs; both sides of each figure take turns in one run. */
export async function benchKernel(invocation: Invocation, data: string, tickets: number): Promise<KernelReport> {
  const { io, progress } = invocation;
  progress('handlers');
  const handlers = [await measureHandlers(1), await measureHandlers(3), await measureHandlers(10)];

  const [plain, loaded] = [path.join(data, 'plain'), path.join(data, 'loaded')];
  mkdirSync(plain, { recursive: true });
  const config = { ...invocation.config, data: plain, databaseUrl: undefined, secretFile: path.join(plain, 'secret.key') };
  const app = await openDesk(io, config, { role: 'command', logLevel: 'error' });
  let ticketPage: KernelReport['ticketPage'];
  let list: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
  try {
    await app.start();
    await seedTickets(app.desk, tickets, (done) => progress(`${done} of ${tickets} tickets`));
    const scenarios = await scenariosOf(app);
    const find = (name: string) => scenarios.find((one) => one.name === name) ?? { path: '/', headers: {} };
    list = find('list');
    progress('ticket page');
    const server = createServer(app.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const ticket = find('ticket');
    const ask = async (count: number): Promise<number> => {
      const beganAt = performance.now();
      for (let n = 0; n < count; n += 1) await (await fetch(url + ticket.path, { headers: ticket.headers })).arrayBuffer();
      return performance.now() - beganAt;
    };
    await ask(pages / 4);
    const spent = watchHookPoints(app);
    const ms = await ask(pages);
    const { ms: hookMs, calls } = spent();
    ticketPage = {
      pageMs: rounded(ms / pages),
      hookPointMs: rounded(hookMs / pages),
      hookPoints: calls / pages,
      share: rounded(hookMs / ms),
    };
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  } finally {
    await app.stop();
  }

  cpSync(plain, loaded, { recursive: true });
  for (let n = 0; n < idleCount; n += 1) writeIdlePlugin(path.join(loaded, 'plugins', `idle-${n}`), `idle-${n}`);
  const other = await openDesk(
    io,
    { ...config, data: loaded, secretFile: path.join(loaded, 'secret.key') },
    { role: 'command', logLevel: 'error' },
  );
  try {
    await other.start();
    for (let n = 0; n < idleCount; n += 1) await other.plugins.activate(`idle-${n}`);
  } finally {
    await other.stop();
  }
  progress('list page');
  const running: Running[] = [];
  try {
    const targets = [];
    for (const folder of [plain, loaded]) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const env = {
        ...io.env,
        HELPDESK_DATA: folder,
        HELPDESK_SECRET_FILE: path.join(folder, 'secret.key'),
        DATABASE_URL: '',
        HOST: '127.0.0.1',
        PORT: String(port),
        HELPDESK_URL: url,
        LOG_LEVEL: 'error',
      };
      running.push(
        await startProcess([path.resolve(import.meta.dirname, '../../bin/helpdesk.js'), 'start', '--web', '--no-supervisor'], env),
      );
      targets.push({ url: url + list.path, headers: list.headers });
    }
    const [without, withThem] = await loadInTurns(targets, eachMs, 2);
    if (without === undefined || withThem === undefined) throw new Error('The list page was not measured.');
    const added = rounded(withThem.p50 / without.p50 - 1);
    return { handlers, ticketPage, idlePlugins: { count: idleCount, without, with: withThem, added } };
  } finally {
    for (const one of running) await one.stop();
  }
}

// Idle: it registers what plugins register, and nothing of it concerns the page that is measured.
function writeIdlePlugin(folder: string, id: string): void {
  const helpdesk = { manifest: 1, id, title: id, api: '^1.0' };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: id, version: '1.0.0', type: 'module', main: './index.js', helpdesk }),
  );
  writeFileSync(
    path.join(folder, 'index.js'),
    `export default { activate(ctx) {
      ctx.hooks.filter('ticket.draft', (draft) => draft);
      ctx.hooks.on('ticket.opened', async () => {});
      ctx.hooks.onDurable('ticket.replied', 'note', async () => {});
      ctx.jobs.define('sweep', async () => {}, { everyMs: 3600000 });
      ctx.ui.helper('${id}-word', () => 'word');
      ctx.http.admin([{ method: 'get', path: '/', permission: 'plugins.manage', handler: (request) => { request.body = 'idle'; } }]);
      ctx.health(async () => []);
    } };\n`,
  );
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
