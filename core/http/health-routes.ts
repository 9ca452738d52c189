import type { App } from '../app.ts';
import type { Middleware } from './request-state.ts';

/** `/health/live` answers while the process runs, `/health/ready` while it can also reach its database. */
export function healthRoutes({ desk }: App): Middleware {
  return async (ctx, next) => {
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'ok' };
    } else if (ctx.path === '/health/ready') {
      const isReady = await desk.storage.read.raw('select 1').then(
        () => true,
        () => false,
      );
      ctx.status = isReady ? 200 : 503;
      ctx.body = { status: isReady ? 'ok' : 'unavailable' };
    } else await next();
  };
}
