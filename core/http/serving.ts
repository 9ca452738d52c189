import Koa from 'koa';
import type { App } from '../app.ts';
import { dispatchPlugins, snapshotOf } from '../kernel/router-dispatch.ts';
import { handleErrors } from './errors.ts';
import { guardPluginRoute } from './plugin-guard.ts';
import { pinGeneration, pluginScope } from './plugin-scope.ts';
import { previewing } from './previewing.ts';
import { requestBasics, sameOrigin } from './request-basics.ts';
import type { Context, Middleware } from './request-state.ts';
import { coreRoutes } from './routes.ts';

/** What each request passes through, in this order; `first` runs before everything but the assets. */
export function serve(app: App, first: readonly Middleware[] = []): Koa {
  const { desk, theming, plugins, pages, oversight, translatorOf } = app;
  const { config, log } = desk;
  const snapshot = () => plugins.snapshot;
  const koa = new Koa({ proxy: config.trustedProxies > 0, maxIpsCount: config.trustedProxies });
  koa.on('error', (error: unknown) => {
    // A browser that leaves a page also leaves its live updates.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      log.error('A response could not be finished.', { error });
  });
  const use = (middleware: Middleware): void => void koa.use((ctx, next) => middleware(ctx as unknown as Context, next));
  use(theming.assets.middleware);
  for (const middleware of first) use(middleware);
  use(pinGeneration(app));
  use(requestBasics(desk, (ctx, locale, timeZone) => translatorOf(snapshotOf(ctx, snapshot), locale, timeZone)));
  use(pluginScope(app));
  use(handleErrors(desk, (ctx, problem) => pages.error(ctx, problem)));
  use(sameOrigin(desk));
  use(previewing({ desk, theming, snapshot }));
  for (const middleware of coreRoutes(app)) use(middleware);
  koa.use(
    dispatchPlugins({
      snapshot,
      guard: (ctx, route) => guardPluginRoute(ctx as unknown as Context, route),
      oversight,
    }),
  );
  return koa;
}
