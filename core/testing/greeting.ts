import { createConnection } from 'node:net';

/** Whether a server on loopback says something by itself, as those for mail do. */
export function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    // Whatever goes wrong, it closes after that; a server that starts may also take a connection and close it.
    socket.once('error', () => undefined).once('close', () => resolve(false));
  });
}
