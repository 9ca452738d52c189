import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import Koa from 'koa';
import { precompileTemplate } from '../../kernel/precompile.ts';
import { createLogger } from '../../log.ts';
import { systemClock } from '../../kernel/clock.ts';
import { openStorage, type Storage } from '../../storage/index.ts';

/** One statement as the desk sent it. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

export interface FloorScenario {
  readonly name: string;
  readonly kind: 'html' | 'json';
  readonly statements: readonly Statement[];
}

export interface FloorPlan {
  readonly database: { readonly file: string } | { readonly url: string };
  readonly port: number;
  readonly scenarios: readonly FloorScenario[];
}

const page = `<!doctype html><title>{{name}}</title>{{#each results}}<section>{{#each this}}<article>{{#each this}}<p class="{{@key}}">{{this}}</p>{{/each}}</article>{{/each}}</section>{{/each}}`;

// What any program on Koa, Knex and Handlebars pays for the same rows, and nothing else: no plugins, no
// sessions, no permissions. Run as a process of its own with the plan's file as its argument.
const plan: FloorPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const storage = openStorage({ log: createLogger('error', systemClock, (line) => process.stderr.write(line)), ...plan.database });
const specification: unknown = runInNewContext(`(${precompileTemplate('floor', page, [])})`);
const runtime = createRequire(import.meta.url)('handlebars/runtime.js') as { template(specification: unknown): (view: object) => string };
const template = runtime.template(specification);
const koa = new Koa();
koa.use(async (ctx) => {
  const scenario = plan.scenarios.find(({ name }) => ctx.path === `/${name}`);
  if (scenario === undefined) return;
  const results: unknown[] = [];
  for (const statement of scenario.statements) results.push(await rowsOf(storage, statement));
  ctx.body = scenario.kind === 'json' ? { results } : template({ name: scenario.name, results });
  if (scenario.kind === 'html') ctx.type = 'html';
});
koa.listen(plan.port, '127.0.0.1', () => process.send?.('ready'));

async function rowsOf({ read, dialect }: Storage, { sql, bindings }: Statement): Promise<unknown> {
  // Captured statements of PostgreSQL carry $1, which Knex would take for text.
  const text = dialect === 'postgres' ? sql.replaceAll(/\$\d+/g, '?') : sql;
  const result: unknown = await read.raw(text, bindings as never);
  return typeof result === 'object' && result !== null && 'rows' in result ? result.rows : result;
}
