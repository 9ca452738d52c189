import type { App } from '../app.ts';
import { actorOfToken } from '../auth/index.ts';
import type { Desk } from '../desk.ts';
import { readJson } from '../http/body.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { NotAllowed, NotFound, Unauthenticated } from '../kernel/errors.ts';
import type { UserActor } from '../users/index.ts';
import type { Endpoint } from './endpoint.ts';
import { filesEndpoints, receiveUpload } from './files-endpoints.ts';
import { freeKey, keepAnswer, readIdempotencyKey, requestHash, sweepKeys, takeKey, type KeyUse } from './idempotency.ts';
import { openApiDocument } from './openapi.ts';
import { peopleEndpoints } from './people-endpoints.ts';
import { readingEndpoints } from './reading-endpoints.ts';
import { ticketsEndpoints } from './tickets-endpoints.ts';
import { bodyCheck, queryCheck, type Check } from './validating.ts';

const root = '/api/v1';
const endpoints: readonly Endpoint[] = [...ticketsEndpoints, ...peopleEndpoints, ...filesEndpoints, ...readingEndpoints];

interface Served extends Endpoint {
  readonly pattern: RegExp;
  readonly checkBody: Check | undefined;
  readonly checkQuery: Check | undefined;
}

/**
 * The JSON interface under `/api/v1`. Whoever asks is known by a bearer token alone: a session cookie
 * counts for nothing here, so no page of another site can act through a browser. Addresses of plugins
 * (`/api/v1/p/<id>`) are handed on with the token's actor.
 */
export function apiRoutes({ desk }: App): Middleware {
  const served = endpoints.map((one): Served => ({
    ...one,
    pattern: new RegExp(`^${root}${one.path.replaceAll(':id', '(\\d{1,15})')}$`),
    checkBody: one.body === undefined ? undefined : bodyCheck(one.body),
    checkQuery: one.query === undefined ? undefined : queryCheck(one.query),
  }));
  const document = openApiDocument(endpoints, desk.config.url);
  desk.jobRegistry.define({ name: 'api.sweep-keys', plugin: null, run: () => sweepKeys(desk) });
  desk.cron.add({ name: 'api.sweep-keys', plugin: null, everyMs: 3_600_000, lane: 'bulk' });

  return async (ctx, next) => {
    if (ctx.path !== '/api' && !ctx.path.startsWith('/api/')) return next();
    delete ctx.state.user;
    delete ctx.state.session;
    delete ctx.state.actor;
    if (ctx.path === `${root}/openapi.json` && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      ctx.body = document;
      return undefined;
    }
    const actor = await bearer(desk, ctx);
    if (actor !== undefined) ctx.state.actor = actor;
    if (ctx.path.startsWith(`${root}/p/`)) return next();
    const found = served.filter(({ pattern }) => pattern.test(ctx.path));
    if (found.length === 0) throw new NotFound('http.not-found', { path: ctx.path });
    const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
    const one = found.find((each) => each.method === method);
    if (one === undefined) {
      ctx.set('Allow', found.map((each) => each.method).join(', '));
      throw new NotAllowed('http.method-not-allowed', { method: ctx.method });
    }
    if (actor === undefined) {
      ctx.set('WWW-Authenticate', 'Bearer');
      throw new Unauthenticated('auth.token-missing');
    }
    return answer(desk, ctx, actor, one);
  };
}

async function bearer(desk: Desk, ctx: Context): Promise<UserActor | undefined> {
  const [, token] = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization')) ?? [];
  if (token === undefined) return undefined;
  ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
  const actor = await actorOfToken(desk, token);
  ctx.remove('WWW-Authenticate');
  return actor;
}

async function answer(desk: Desk, ctx: Context, actor: UserActor, one: Served): Promise<void> {
  const query: Record<string, unknown> = Object.fromEntries(new URLSearchParams(ctx.querystring));
  one.checkQuery?.(query);
  const key = one.method === 'POST' ? readIdempotencyKey(ctx.get('Idempotency-Key')) : undefined;
  const body = one.isUpload === true ? await receiveUpload(desk, ctx) : one.body === undefined ? undefined : await readJson(ctx);
  one.checkBody?.(body);
  const status = one.method === 'POST' ? 201 : 200;
  const id = Number(one.pattern.exec(ctx.path)?.[1] ?? 0);
  const run = (commit: Parameters<Endpoint['run']>[0]['commit']): Promise<unknown> =>
    one.run({ desk, ctx, actor, id, query, body, commit });

  if (key === undefined) respond(ctx, status, await run((work) => desk.storage.writeTx(work)));
  else
    await answerOnce({
      desk,
      ctx,
      status,
      run,
      use: { userId: actor.userId, key, requestHash: requestHash(ctx.path, identityOf(one, body)) },
    });
}

interface Once {
  readonly desk: Desk;
  readonly ctx: Context;
  readonly status: number;
  readonly use: KeyUse;
  run(commit: Parameters<Endpoint['run']>[0]['commit']): Promise<unknown>;
}

async function answerOnce({ desk, ctx, status, use, run }: Once): Promise<void> {
  const stored = await takeKey(desk, use);
  if (stored !== undefined) {
    ctx.set('Idempotent-Replayed', 'true');
    respond(ctx, stored.status, stored.body);
    return;
  }
  let isKept = false;
  try {
    const result = await run((work) =>
      desk.storage.writeTx(async (tx) => {
        const body = await work(tx);
        await keepAnswer(tx, use, { status, body });
        isKept = true;
        return body;
      }),
    );
    if (!isKept) await desk.storage.writeTx((tx) => keepAnswer(tx, use, { status, body: result }));
    respond(ctx, status, result);
  } catch (error) {
    await freeKey(desk, use);
    throw error;
  }
}

// An upload is stored under a new id each time; what it holds is what makes it the same.
function identityOf(one: Endpoint, body: unknown): unknown {
  if (one.isUpload !== true || typeof body !== 'object' || body === null) return body;
  return { ...body, id: 0 };
}

function respond(ctx: Context, status: number, body: unknown): void {
  ctx.status = status;
  ctx.body = body;
  // Messages have no address of their own.
  if (status === 201 && !ctx.path.endsWith('/messages') && typeof body === 'object' && body !== null && 'id' in body)
    ctx.set('Location', `${ctx.path}/${String(body.id)}`);
}
