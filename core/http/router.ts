import KoaRouter from '@koa/router';
import type { Context, Middleware } from './request-state.ts';

export type RouteHandler = (ctx: Context) => Promise<void> | void;

/** Routes of one feature, typed with this desk's request state. */
export class Router {
  private readonly routes = new KoaRouter();

  get(path: string, handler: RouteHandler): this {
    return this.add('get', path, handler);
  }

  post(path: string, handler: RouteHandler): this {
    return this.add('post', path, handler);
  }

  put(path: string, handler: RouteHandler): this {
    return this.add('put', path, handler);
  }

  delete(path: string, handler: RouteHandler): this {
    return this.add('delete', path, handler);
  }

  middleware(): Middleware {
    const serve = this.routes.routes() as unknown as Middleware;
    return (ctx, next) => serve(ctx, next);
  }

  private add(method: 'get' | 'post' | 'put' | 'delete', path: string, handler: RouteHandler): this {
    this.routes[method](path, async (ctx) => {
      await handler(ctx as unknown as Context);
    });
    return this;
  }
}

/** A local path to go on to, or the fallback: an address of another site must not be reachable through ours. */
export function localPath(path: string | undefined, fallback: string): string {
  return path !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(path) ? path : fallback;
}
