import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line to the server that can be cut after some bytes, stop carrying anything, or answer some commands itself. */
export async function startProxy(target: number) {
  const open = new Set<Socket>();
  const proxy = {
    port: 0,
    cutAfter: Number.POSITIVE_INFINITY,
    /** Chooses anew after how many bytes each connection is cut. */
    cuts: undefined as (() => number) | undefined,
    isStuck: false,
    /** What is answered to a command in the place of the server, as `NO Internal error`, untagged lines first; `close` hangs up, undefined lets it through. */
    answers: undefined as ((command: string) => string | undefined) | undefined,
    connections: 0,
    close: async (): Promise<void> => undefined,
  };
  const server = createServer((client) => {
    proxy.connections += 1;
    const upstream = createConnection({ host: '127.0.0.1', port: target });
    let bytes = 0;
    const limit = proxy.cuts?.();
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (proxy.isStuck) return;
      // Each command comes whole: it is a line, and written at once.
      const [, tag, command] = /^(\S+) (.*)\r\n$/.exec(chunk.toString('latin1')) ?? [];
      const answer = command === undefined ? undefined : proxy.answers?.(command);
      if (answer === 'close') client.destroy();
      else if (answer === undefined) upstream.write(chunk);
      else client.write(`${answer.replace(/[^\n]*$/, `${tag} $&`)}\r\n`);
    });
    upstream.on('data', (chunk) => {
      if (proxy.isStuck) return;
      bytes += chunk.length;
      const cutAfter = limit ?? proxy.cutAfter;
      if (bytes <= cutAfter) client.write(chunk);
      else {
        client.write(chunk.subarray(0, Math.max(0, cutAfter - (bytes - chunk.length))));
        client.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.port = (server.address() as AddressInfo).port;
  proxy.close = async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}
