import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  coreFolder,
  createLogger,
  freePort,
  openStorage,
  seedTickets,
  tableNames,
  type FloorPlan,
  type Storage,
} from '@helpdesk/core/operator';
import { ObservedStorage } from '../bench/capturing.ts';
import { benchKernel } from '../bench/kernel.ts';
import { loadInTurns, type Figures } from '../bench/load.ts';
import { mailsPerRun, timeImport } from '../bench/mails.ts';
import { mailsToParse, measureParsing, type ParsingFigures } from '../bench/parsing.ts';
import { planBench, type Plan } from '../bench/planning.ts';
import { startProcess } from '../bench/processes.ts';
import { Misused, type Command, type Invocation } from '../command.ts';
import { openDesk } from '../session.ts';

interface Result extends Figures {
  readonly name: string;
  /** Requests or mails a second against those of the floor: 1 is as fast as Koa and Knex alone. */
  readonly ratio: number;
}

interface Report {
  /** By the name of the scenario. */
  readonly floor: Readonly<Record<string, Figures>>;
  readonly scenarios: readonly Result[];
}

/** What all parts of one bench share. */
interface Bench {
  readonly data: string;
  readonly url: string;
  readonly database: FloorPlan['database'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Invocation['progress'];
}

const defaultTickets = 10_000;
const eachMs = 4000;
const mails = 500;
const mailsParsed = 'mails parsed';

export const bench: Command = {
  name: 'bench',
  summary: 'Measures the desk on data of its own, beside a floor that runs the same SQL on bare Koa.',
  options: {
    tickets: { value: 'number', help: `How many tickets there are; default ${defaultTickets}.` },
    only: { value: 'part', help: 'kernel: what the plugin platform itself costs; parsing: how fast mails are read; and nothing else.' },
    mails: { value: 'folder', help: 'Mails (.eml) to read for the part parsing, in the place of made-up ones.' },
    database: { value: 'url', help: 'An empty PostgreSQL database to measure on; default is SQLite in a temporary folder.' },
  },
  run: async (invocation) => {
    const tickets = Number(invocation.options['tickets'] ?? defaultTickets);
    if (!Number.isSafeInteger(tickets) || tickets < 1)
      throw new Misused(`The number of tickets is 1 or more, not "${String(invocation.options['tickets'])}".`);
    const only = invocation.options['only'];
    if (only !== undefined && only !== 'kernel' && only !== 'parsing')
      throw new Misused(`The parts that can be measured alone are kernel and parsing, not "${String(only)}".`);
    const data = mkdtempSync(path.join(tmpdir(), 'helpdesk-bench-'));
    try {
      if (only === 'kernel') return await benchKernel(invocation, data, tickets);
      return await (only === 'parsing' ? benchParsing(invocation, data) : measure(invocation, data, tickets));
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
};

/** Reads mails only, on a desk of its own that nothing is kept on. */
async function benchParsing({ io, config, options, progress }: Invocation, data: string): Promise<Report & { readonly mails: number }> {
  const { mails } = options;
  const raws = mailsToParse(typeof mails === 'string' ? mails : undefined);
  const own = { ...config, data, databaseUrl: undefined, secretFile: path.join(data, 'secret.key') };
  const app = await openDesk(io, own, { role: 'command', logLevel: 'error' });
  try {
    await app.start();
    progress(`${raws.length} mails`);
    const figures = await measureParsing(app, raws);
    if (figures === undefined) throw new Misused('No plugin of this desk reads mails.');
    return { mails: figures.mails, floor: { [mailsParsed]: figures.bare }, scenarios: [parsingResult(figures)] };
  } finally {
    await app.stop();
  }
}

function parsingResult({ ours, bare }: ParsingFigures): Result {
  return { name: mailsParsed, ...ours, ratio: Math.round((ours.rps / bare.rps) * 1000) / 1000 };
}

async function measure(invocation: Invocation, data: string, tickets: number): Promise<Report> {
  const { io, progress, say, options } = invocation;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const database = typeof options['database'] === 'string' ? { url: options['database'] } : { file: path.join(data, 'helpdesk.sqlite') };
  const databaseUrl = 'url' in database ? database.url : undefined;
  const secretFile = path.join(data, 'secret.key');
  const config = { ...invocation.config, data, databaseUrl, secretFile, host: '127.0.0.1', port, url };
  const env = {
    ...io.env,
    HELPDESK_DATA: data,
    HELPDESK_SECRET_FILE: secretFile,
    DATABASE_URL: databaseUrl ?? '',
    HOST: '127.0.0.1',
    PORT: String(port),
    HELPDESK_URL: url,
    LOG_LEVEL: 'error',
  };
  const here: Bench = { data, url, database, env, progress };
  const storage = openStorage({ log: createLogger('error', io.clock, (line) => io.err(line)), ...database });
  try {
    if ((await tableNames(storage.read, storage.dialect)).length > 0) throw new Misused('The database of a bench must be empty.');
    const observed = new ObservedStorage(storage);
    // A command has no timers of its own that would mix their statements in.
    const app = await openDesk(io, config, { role: 'command', logLevel: 'error', storage: observed.storage });
    let plan: Plan;
    let parsing: ParsingFigures | undefined;
    try {
      await app.start();
      await seedTickets(app.desk, tickets, (done) => progress(`${done} of ${tickets} tickets`));
      await storage.writeTx((tx) => tx.raw('analyze'));
      plan = await planBench(app, observed, data, say);
      parsing = await measureParsing(app, mailsToParse(undefined));
    } finally {
      await app.stop();
    }
    const report = await run(plan, here, storage);
    if (parsing === undefined) return report;
    return { floor: { ...report.floor, [mailsParsed]: parsing.bare }, scenarios: [...report.scenarios, parsingResult(parsing)] };
  } finally {
    await storage.close();
  }
}

async function run(plan: Plan, here: Bench, storage: Storage): Promise<Report> {
  const floorPort = await freePort();
  const floorUrl = (name: string): string => `http://127.0.0.1:${floorPort}/${name}`;
  const file = path.join(here.data, 'floor.json');
  const scenarios = [...plan.requests.map(({ floor }) => floor), ...(plan.mails === undefined ? [] : [plan.mails])];
  const floorPlan: FloorPlan = { database: here.database, port: floorPort, folder: path.join(here.data, 'floor-files'), scenarios };
  writeFileSync(file, JSON.stringify(floorPlan));
  const floor: Record<string, Figures> = {};
  const results: Result[] = [];
  const note = (name: string, least: Figures, figures: Figures): void => {
    floor[name] = least;
    results.push({ name, ...figures, ratio: Math.round((figures.rps / least.rps) * 1000) / 1000 });
  };

  const floorServer = await startProcess([path.join(coreFolder, 'dist/operations/bench/floor-server.js'), file], here.env);
  try {
    const desk = await startProcess([ourselves(), 'start', '--web', '--no-supervisor'], here.env);
    try {
      for (const { name, path: pathname, headers, body, floor: under } of plan.requests) {
        here.progress(name);
        const target = { url: new URL(pathname, here.url).href, headers, ...(body === undefined ? {} : { body }) };
        const [least, figures] = await loadInTurns([{ url: floorUrl(under.name) }, target], eachMs);
        if (least !== undefined && figures !== undefined) note(name, least, figures);
      }
    } finally {
      await desk.stop();
    }
    if (plan.mails !== undefined) note('mails imported', ...(await mailFigures(floorUrl(plan.mails.name), here, storage)));
  } finally {
    await floorServer.stop();
  }
  return { floor, scenarios: results };
}

// One import at a time on both sides; the floor answers once for a whole batch.
async function mailFigures(floorUrl: string, { data, env, progress }: Bench, storage: Storage): Promise<readonly [Figures, Figures]> {
  progress('mails imported');
  const [batches] = await loadInTurns([{ url: floorUrl }], eachMs, 1);
  const each = (ms = 0): number => Math.round((ms / mailsPerRun) * 100) / 100;
  const least = {
    rps: Math.round((batches?.rps ?? 0) * mailsPerRun * 100) / 100,
    p50: each(batches?.p50),
    p95: each(batches?.p95),
    p99: each(batches?.p99),
  };
  const figures = await timeImport({ folder: data, count: mails, command: ourselves(), env }, async () => {
    const times: (number | string)[] = await storage.read('events').where({ name: 'mail.received' }).orderBy('id').pluck('occurred_at');
    return times.map(Number);
  });
  return [least, figures];
}

function ourselves(): string {
  return path.resolve(import.meta.dirname, '../../bin/helpdesk.js');
}
