import { createServer } from 'node:http';
import type { App } from '../app.ts';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a desk on a free loopback port. */
export async function listenOnLoopback(app: App): Promise<Listening> {
  const answer = app.callback();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
