import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, until, type TestDesk } from '#core/testing/index.js';

describe('a hostile request', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const tmpFiles = (): Promise<readonly string[]> => readdir(path.join(desk.app.desk.files.folder, 'tmp')).catch(() => []);

  it('without a boundary is refused, not a fault', async () => {
    const response = await desk.fetch('/sign-in', { method: 'POST', headers: { 'Content-Type': 'multipart/form-data' }, body: 'x' });

    expect(response.status).to.equal(422);
  });

  it('with more fields than fit is refused', async () => {
    const body = new URLSearchParams({ email: 'a@example.com', password: 'x' });
    for (let field = 0; field < 6; field += 1) body.append('x', 'x'.repeat(1_900_000));

    expect((await desk.fetch('/sign-in', { method: 'POST', body })).status).to.equal(422);
  });

  it('that stops in the middle of a file leaves nothing behind', async () => {
    const { hostname, port, host } = new URL(await desk.url());
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const head = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\nContent-Type: text/plain\r\n\r\n';
    socket.write(
      `POST /tickets HTTP/1.1\r\nHost: ${host}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n${head}${'x'.repeat(200_000)}`,
    );
    await until(async () => (await tmpFiles()).length > 0);
    expect(await tmpFiles()).to.have.length(1);
    socket.destroy();

    await until(async () => (await tmpFiles()).length === 0);
  });

  it('for a part of a page gives ids as numbers or gets nothing', async () => {
    const part = (input: object) =>
      desk.fetch(`/slots/portal.ticket.top/any?input=${encodeURIComponent(JSON.stringify(input))}`).then(({ status }) => status);

    expect(await part({ ticketId: '1' })).to.equal(422);
    expect(await part({ ticketId: [1] })).to.equal(422);
    expect(await part({ userId: 1.5 })).to.equal(422);
  });
});
