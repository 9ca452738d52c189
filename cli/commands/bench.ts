import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { coreFolder, saveMailbox, seedTickets, systemActor, type App, type FloorPlan, type FloorScenario } from '@helpdesk/core/operator';
import { capture } from '../bench/capturing.ts';
import { figuresOf, load, type Figures } from '../bench/load.ts';
import { freePort, runProcess, startProcess } from '../bench/processes.ts';
import { scenariosOf, type Scenario } from '../bench/scenarios.ts';
import { Misused, type Command, type Invocation } from '../command.ts';
import { openDesk } from '../session.ts';

interface Result extends Figures {
  readonly name: string;
  /** Requests a second against those of the floor: 1 is as fast as Koa and Knex alone. */
  readonly ratio: number | null;
}

const defaultTickets = 10_000;
const eachMs = 4000;
const mails = 500;

export const bench: Command = {
  name: 'bench',
  summary: 'Measures the desk on data of its own, beside a floor that runs the same SQL on bare Koa.',
  options: { tickets: { value: 'number', help: `How many tickets there are; default ${defaultTickets}.` } },
  run: async (invocation) => {
    const tickets = Number(invocation.options['tickets'] ?? defaultTickets);
    if (!Number.isSafeInteger(tickets) || tickets < 1)
      throw new Misused(`The number of tickets is 1 or more, not "${String(invocation.options['tickets'])}".`);
    const data = mkdtempSync(path.join(tmpdir(), 'helpdesk-bench-'));
    try {
      const { floor, scenarios } = await measure(invocation, data, tickets);
      return { floor, scenarios };
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
};

async function measure(invocation: Invocation, data: string, tickets: number) {
  const { io, progress, say } = invocation;
  const port = await freePort();
  const config = {
    ...invocation.config,
    data,
    databaseUrl: undefined,
    secretFile: path.join(data, 'secret.key'),
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}/`,
  };
  const env = {
    ...io.env,
    HELPDESK_DATA: data,
    HELPDESK_SECRET_FILE: config.secretFile,
    DATABASE_URL: '',
    HOST: '127.0.0.1',
    PORT: String(port),
    HELPDESK_URL: config.url,
    LOG_LEVEL: 'error',
  };
  const app = await openDesk(io, config, { role: 'web', logLevel: 'error' });
  let plan: readonly (Scenario & { readonly floor: FloorScenario | undefined })[];
  let hasMail: boolean;
  try {
    await app.start();
    await seedTickets(app.desk, tickets, (done) => progress(`${done} of ${tickets} tickets`));
    await app.desk.storage.writeTx((tx) => tx.raw('analyze'));
    plan = await planned(app, say);
    hasMail = app.plugins.snapshot.all('cli').some(({ value }) => value.name === 'mail import');
    if (hasMail) await saveMailbox(app.desk, systemActor, { name: 'Bench', address: 'support@example.com' });
  } finally {
    await app.stop();
  }
  const floor = await onFloor(
    plan.flatMap((one) => one.floor ?? []),
    data,
    env,
    progress,
  );
  const scenarios = await onDesk(plan, floor, { url: config.url, env, progress });
  if (hasMail) scenarios.push(await importing(data, env, progress));
  return { floor, scenarios };
}

async function planned(app: App, say: Invocation['say']) {
  const plan: (Scenario & { floor: FloorScenario | undefined })[] = [];
  for (const scenario of await scenariosOf(app)) {
    const statements = scenario.body === undefined ? await capture(app, scenario) : [];
    if (statements === undefined) say(`${scenario.path} is not answered by this desk and is left out.`);
    // A write cannot be run twice with the same values, so it has no floor.
    else
      plan.push({
        ...scenario,
        floor: scenario.body === undefined ? { name: scenario.name.replaceAll(' ', '-'), kind: scenario.kind, statements } : undefined,
      });
  }
  return plan;
}

async function onFloor(
  scenarios: readonly FloorScenario[],
  data: string,
  env: Readonly<Record<string, string | undefined>>,
  progress: Invocation['progress'],
): Promise<Record<string, Figures>> {
  const port = await freePort();
  const file = path.join(data, 'floor.json');
  const plan: FloorPlan = { database: { file: path.join(data, 'helpdesk.sqlite') }, port, scenarios };
  writeFileSync(file, JSON.stringify(plan));
  const server = await startProcess([path.join(coreFolder, 'dist/operations/bench/floor-server.js'), file], env);
  const floor: Record<string, Figures> = {};
  try {
    for (const { name } of scenarios) {
      progress(`floor: ${name}`);
      floor[name] = await load({ url: `http://127.0.0.1:${port}/${name}` }, eachMs);
    }
  } finally {
    await server.stop();
  }
  return floor;
}

interface Under {
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Invocation['progress'];
}

async function onDesk(
  plan: readonly (Scenario & { readonly floor: FloorScenario | undefined })[],
  floor: Readonly<Record<string, Figures>>,
  { url, env, progress }: Under,
): Promise<Result[]> {
  const server = await startProcess([ourselves(), 'start', '--web', '--no-supervisor'], env);
  const results: Result[] = [];
  try {
    for (const { name, path: pathname, headers, body, floor: under } of plan) {
      progress(name);
      const figures = await load({ url: new URL(pathname, url).href, headers, ...(body === undefined ? {} : { body }) }, eachMs);
      const least = floor[under?.name ?? ''];
      results.push({ name, ...figures, ratio: least === undefined ? null : Math.round((figures.rps / least.rps) * 1000) / 1000 });
    }
  } finally {
    await server.stop();
  }
  return results;
}

// In a process of its own from start to end, as an operator runs it; only the whole is measured.
async function importing(
  data: string,
  env: Readonly<Record<string, string | undefined>>,
  progress: Invocation['progress'],
): Promise<Result> {
  progress('mails imported');
  const folder = path.join(data, 'mails');
  mkdirSync(folder);
  for (let n = 0; n < mails; n += 1) {
    const head = [
      `From: Customer ${n} <c${n % 97}@example.org>`,
      'To: support@example.com',
      `Subject: Order ${10_000 + n}`,
      `Message-ID: <bench-${n}@example.org>`,
      'Date: Mon, 05 Jan 2026 09:00:00 +0000',
      'Content-Type: text/plain; charset=utf-8',
    ];
    writeFileSync(
      path.join(folder, `${String(n).padStart(5, '0')}.eml`),
      `${head.join('\r\n')}\r\n\r\nWhere is my order ${10_000 + n}?\r\n`,
    );
  }
  const startedAt = performance.now();
  await runProcess([ourselves(), 'mail', 'import', folder], env);
  const totalMs = performance.now() - startedAt;
  return {
    name: 'mails imported',
    ...figuresOf(
      Array.from({ length: mails }, () => totalMs / mails),
      totalMs,
    ),
    ratio: null,
  };
}

function ourselves(): string {
  return path.resolve(import.meta.dirname, '../../bin/helpdesk.js');
}
