import type { App } from '../app.ts';
import type { RequestMeter } from '../kernel/profiler.ts';
import { pinSnapshot, snapshotOf } from '../kernel/router-dispatch.ts';
import { currentScope, runInScope } from '../kernel/scope.ts';
import { isAllowed } from '../users/index.ts';
import type { Context, Middleware } from './request-state.ts';
import { safeSessionOf } from './safe-session.ts';

/** Decides, before anything is awaited, which generation of plugins this request sees from its first to its last line. */
export function pinGeneration({ plugins }: App): Middleware {
  return (ctx, next) => {
    const { generation } = snapshotOf(ctx, () => plugins.snapshot);
    ctx.set('X-Helpdesk-Generation', String(generation));
    return next();
  };
}

/** Measures what the request costs, and leaves out what its administrator chose to leave out. */
export function pluginScope({ desk, plugins, oversight, translatorOf }: App): Middleware {
  return async (ctx, next) => {
    const { actor } = ctx.state;
    const isWatched = actor !== undefined && isAllowed(actor, 'system.view');
    const { profiler } = oversight;
    const meter = profiler.meter(isWatched);
    const skip = safeSessionOf(desk, ctx);
    if (skip !== undefined) {
      const snapshot = plugins.snapshotWithout(skip);
      pinSnapshot(ctx, snapshot);
      ctx.set('X-Helpdesk-Generation', String(snapshot.generation));
      ctx.state.skip = skip;
      ctx.state.translator = translatorOf(snapshot, ctx.state.locale, ctx.state.timeZone);
    }
    const beganAt = performance.now();
    try {
      await runInScope({ ...currentScope(), meter, ...(skip !== undefined && { skip }) }, next);
    } finally {
      const ms = performance.now() - beganAt;
      if (ctx.type === 'text/html') profiler.endRequest(meter, ms);
      if (isWatched) setServerTiming(ctx, meter, ms);
    }
  };
}

// Server-Timing (W3C): the browser's network panel shows it beside the request.
function setServerTiming(ctx: Context, { queries, queryMs, renderMs, plugins }: RequestMeter, ms: number): void {
  const entry = (name: string, duration: number, text?: string): string =>
    `${name};dur=${duration.toFixed(2)}${text === undefined ? '' : `;desc="${text}"`}`;
  const inPlugins = [...plugins.values()].reduce((total, spent) => total + spent, 0);
  ctx.set(
    'Server-Timing',
    [
      entry('total', ms),
      entry('db', queryMs, `${queries} queries`),
      entry('render', renderMs),
      entry('plugins', inPlugins),
      ...[...plugins].map(([id, spent]) => entry(`plugin-${id}`, spent)),
    ].join(', '),
  );
}
