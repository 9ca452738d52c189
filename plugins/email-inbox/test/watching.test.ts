import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { createInbox, type Inbox } from './support/inbox.ts';

describe('watching a mailbox', () => {
  let inbox: Inbox;
  let server: Server;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => undefined));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    inbox = await createInbox({ role: 'all' });
  });
  afterEach(() => void server.close());

  it('F6: lets go of a server that never greets within seconds', async () => {
    await inbox.receivesFrom((server.address() as AddressInfo).port);
    await once(server, 'connection');
    const start = performance.now();

    await inbox.desk.close();

    expect(performance.now() - start).to.be.below(8000);
  });
});
