import { PassThrough } from 'node:stream';
import type { Middleware } from '@helpdesk/core/operator';

const script = `let isDown = false;
const news = new EventSource('/dev/events');
news.addEventListener('reload', () => location.reload());
news.addEventListener('error', () => { isDown = true; });
news.addEventListener('open', () => { if (isDown) location.reload(); });
`;

/** Reloads open pages when something changed: a stream, a script, and a tag that brings the script into every page. */
export class Reloading {
  private readonly streams = new Set<PassThrough>();

  /** Tells every open page. A desk that starts anew need not: its pages reload when the stream comes back. */
  announce(): void {
    for (const stream of this.streams) stream.write('event: reload\ndata:\n\n');
  }

  readonly middleware: Middleware = async (ctx, next) => {
    if (ctx.path === '/dev/reload.js') {
      ctx.type = 'js';
      ctx.body = script;
    } else if (ctx.path === '/dev/events') {
      const stream = new PassThrough();
      this.streams.add(stream);
      stream.once('close', () => this.streams.delete(stream));
      ctx.type = 'text/event-stream';
      ctx.set('Cache-Control', 'no-store');
      stream.write('retry: 200\n\n');
      ctx.body = stream;
    } else {
      await next();
      if (typeof ctx.body === 'string' && ctx.response.is('html'))
        ctx.body = ctx.body.replace('</head>', '<script type="module" src="/dev/reload.js"></script></head>');
    }
  };
}
