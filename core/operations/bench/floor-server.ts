import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import Koa from 'koa';
import { FileStore } from '../../files/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { precompileTemplate } from '../../kernel/precompile.ts';
import { createLogger } from '../../log.ts';
import { openStorage } from '../../storage/index.ts';
import { replay, type Statement } from './replaying.ts';

export interface FloorScenario {
  readonly name: string;
  readonly kind: 'html' | 'json';
  readonly statements: readonly Statement[];
  /** Texts that are stored as files first, each with marks of the moment so that no two are alike. */
  readonly files?: readonly string[];
}

export interface FloorPlan {
  readonly database: { readonly file: string } | { readonly url: string };
  readonly port: number;
  /** Where files are stored. */
  readonly folder: string;
  readonly scenarios: readonly FloorScenario[];
}

const page = `<!doctype html><title>{{name}}</title>{{#each results}}<section>{{#each this}}<article>{{#each this}}<p class="{{@key}}">{{this}}</p>{{/each}}</article>{{/each}}</section>{{/each}}`;
const writesAtOnce = 8;

// What any program on Koa, Knex and Handlebars pays for the same rows, and nothing else: no plugins, no
// sessions, no permissions. Run as a process of its own with the plan's file as its argument.
const plan: FloorPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const storage = openStorage({ log: createLogger('error', systemClock, (line) => process.stderr.write(line)), ...plan.database });
const files = new FileStore(plan.folder);
const specification: unknown = runInNewContext(`(${precompileTemplate('floor', page, [])})`);
const runtime = createRequire(import.meta.url)('handlebars/runtime.js') as { template(specification: unknown): (view: object) => string };
const template = runtime.template(specification);
const koa = new Koa();
let stored = 0;
koa.use(async (ctx) => {
  const scenario = plan.scenarios.find(({ name }) => ctx.path === `/${name}`);
  if (scenario === undefined) return;
  await store(scenario.files ?? []);
  const results = await replay(storage, scenario.statements);
  ctx.body = scenario.kind === 'json' ? { results } : template({ name: scenario.name, results });
  if (scenario.kind === 'html') ctx.type = 'html';
});
koa.listen(plan.port, '127.0.0.1', () => process.send?.('ready'));

async function store(texts: readonly string[]): Promise<void> {
  for (let start = 0; start < texts.length; start += writesAtOnce)
    await Promise.all(
      texts.slice(start, start + writesAtOnce).map((text) => files.put(Buffer.from(`${text}${(stored += 1)} of ${process.pid}`))),
    );
}
