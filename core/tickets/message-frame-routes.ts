import type { App } from '../app.ts';
import { escapeHtml } from '../html/index.ts';
import { readForm } from '../http/body.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { agent, idFrom, see } from '../inbox/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { rowsOf } from '../storage/index.ts';
import { imageAuthor, imagePermissions, setImagePermission } from './image-permissions.ts';
import { frameHtml } from './message-body.ts';
import { findMessage } from './messages-repository.ts';
import { RemoteImages } from './remote-images.ts';
import { ticketPath } from './ticket-page.ts';
import type { Message, Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

const frameStyle =
  'html{color-scheme:light;background:#fff}body{margin:0;padding:4px 2px;color:#1a1a1a;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}blockquote{margin-inline:0;padding-inline-start:12px;border-inline-start:2px solid #ccc}' +
  // As `.quote` in the desk; the ground of a mail is always light.
  'summary{display:grid;place-items:center;inline-size:32px;block-size:24px;margin-block:4px;border-radius:4px;background:#eeeff2;color:#575b66;cursor:pointer;list-style:none}summary:hover{background:#e2e4e8}summary:focus-visible{outline:2px solid #1a1a1a;outline-offset:2px}summary::-webkit-details-marker{display:none}.quote>div{padding-inline-start:12px;border-inline-start:2px solid #ddd;color:#575b66}';

/** The frame that shows a mail, its images from outside, and whether those of a sender are always shown. */
export function messageFrameRoutes(
  { desk }: App,
  images: RemoteImages = new RemoteImages({ key: () => desk.secrets.passingKey('core images') }),
): Middleware {
  async function messageOf(ctx: Context): Promise<{ readonly message: Message; readonly ticket: Ticket }> {
    const { actor } = agent(ctx, 'tickets.view');
    const message = await findMessage(desk.storage.read, idFrom(ctx.params['id']) ?? 0);
    if (message === undefined) throw new NotFound('messages.not-found');
    return { message, ticket: await seeTicket(desk, actor, message.ticketId) };
  }

  return new Router()
    .get('/desk/messages/:id/body', async (ctx) => {
      const { message, ticket } = await messageOf(ctx);
      const { actor } = agent(ctx);
      const author = imageAuthor(message);
      const authors = author === null ? [] : [author];
      const showsImages =
        ctx.URL.searchParams.get('images') === '1' || (await rowsOf(imagePermissions(desk.storage.read, actor.userId, authors))).length > 0;
      ctx.set({
        'Content-Security-Policy':
          "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
        'X-Frame-Options': 'SAMEORIGIN',
        'Referrer-Policy': 'no-referrer',
      });
      ctx.type = 'html';
      const html = frameHtml(message, ctx.state.translator, showsImages ? (url) => images.addressOf(message.id, url) : undefined);
      ctx.body = `<!doctype html><html lang="${escapeHtml(ticket.locale ?? ctx.state.locale)}"><head><meta charset="utf-8"><title>#${ticket.number}</title><base target="_blank"><style>${frameStyle}</style></head><body dir="auto">${html}</body></html>`;
    })
    .get('/desk/messages/:id/images/:signature', async (ctx) => {
      const { message } = await messageOf(ctx);
      const { type, content } = await images.fetch(message.id, ctx.params['signature'] ?? '', ctx.URL.searchParams.get('url') ?? '');
      ctx.set({
        'Content-Security-Policy': "default-src 'none'; sandbox",
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'private, max-age=86400',
        'Content-Disposition': 'inline',
      });
      ctx.type = type;
      ctx.body = content;
    })
    .post('/desk/messages/:id/images', async (ctx) => {
      const { message, ticket } = await messageOf(ctx);
      const { actor } = agent(ctx);
      const show = (await readForm(desk, ctx)).text('show');
      const author = imageAuthor(message);
      if (author === null) throw new NotFound('messages.not-found');
      await setImagePermission(desk, actor, author, show === 'me' || show === 'desk' ? show : null);
      setFlash(ctx, { kind: 'done', key: 'flash.saved' });
      see(ctx, `${ticketPath(ctx, ticket.number)}#message-${message.id}`);
    })
    .middleware();
}
