import type { App } from '../app.ts';
import { findFiles } from '../files/index.ts';
import type { Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { NotFound } from '../kernel/errors.ts';
import { imagesIn } from './option-values.ts';
import { draftFiles } from './theme-values-repository.ts';

/** The options of the active look as a stylesheet, and the pictures that they name; nothing else is served. */
export function lookRoutes({ desk, theming }: App): Middleware {
  return new Router()
    .get('/theme.css', (ctx) => {
      const { look } = ctx.state.preview ?? theming;
      const isCurrent = ctx.state.preview === undefined && ctx.URL.searchParams.get('v') === look.stamp;
      ctx.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache');
      ctx.type = 'css';
      ctx.body = look.stylesheet;
    })
    .get('/theme/images/:id', async (ctx) => {
      const { look } = ctx.state.preview ?? theming;
      const id = Number(ctx.params['id']);
      const { actor } = ctx.state;
      // A stylesheet cannot carry a token into the addresses it names, so who tries a picture out is known by the session.
      const isShown =
        imagesIn(look.options, look.values).includes(id) ||
        (actor !== undefined && (await draftFiles(desk.storage.read, actor.userId)).includes(id));
      const [file] = isShown ? await findFiles(desk.storage.read, [id]) : [];
      if (file === undefined) throw new NotFound('files.not-found');
      ctx.set({ 'Content-Security-Policy': "default-src 'none'; sandbox", 'Cache-Control': 'public, max-age=86400, immutable' });
      ctx.type = file.contentType;
      ctx.length = file.size;
      ctx.body = await desk.files.open(file.sha256);
    })
    .middleware();
}
