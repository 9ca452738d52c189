import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { GuardedNetwork } from '#core/net/index.js';
import { sanitizerVersion, withoutRemoteImages } from '#core/html/index.js';
import { RemoteImages } from '#core/tickets/remote-images.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

const png = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(64);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

describe('images from outside', () => {
  let server: Server;
  let port: number;
  let asked: Asked[];

  before(async () => {
    server = createServer((request, response) => {
      asked.push({ url: request.url ?? '', headers: request.headers });
      const path = request.url ?? '';
      if (path === '/hop') response.writeHead(302, { Location: '/a.png', 'Set-Cookie': 'id=1' }).end();
      else if (path === '/inside') response.writeHead(302, { Location: 'http://169.254.169.254/a.png' }).end();
      else if (path === '/ring') response.writeHead(302, { Location: '/ring' }).end();
      else if (path === '/pixel') response.end(png(1, 1));
      else if (path === '/svg') response.writeHead(200, { 'Content-Type': 'image/png' }).end('<svg xmlns="http://www.w3.org/2000/svg"/>');
      else if (path === '/html') response.writeHead(200, { 'Content-Type': 'image/gif' }).end('<html>');
      else if (path === '/large') response.end(Buffer.concat([png(9, 9), Buffer.alloc(6 * 1024 * 1024)]));
      else if (path !== '/silent') response.writeHead(200, { 'Content-Type': 'text/html' }).end(png(20, 10));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    asked = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  describe('through the desk', () => {
    const key = Buffer.alloc(32, 3);
    let images: RemoteImages;
    const imagesWithin = (timeoutMs: number): RemoteImages =>
      new RemoteImages({
        key: () => key,
        network: new GuardedNetwork({
          uses: ['net:*'],
          privateHosts: ['pictures.example'],
          resolve: async () => [{ address: '127.0.0.1', family: 4 }],
          maxBytes: 5 * 1024 * 1024,
          timeoutMs,
        }),
      });
    beforeEach(() => {
      images = imagesWithin(20_000);
    });
    afterEach(() => images.close());
    const get = async (path: string, host = 'pictures.example') => {
      const url = `http://${host}:${port}${path}`;
      const signature = /images\/([^?]+)/.exec(images.addressOf(7, url))?.[1] ?? '';
      return images.fetch(7, signature, url).then(
        ({ type }) => type,
        (error: { code?: string }) => error.code,
      );
    };

    it('S4: brings an image by its bytes, without cookies or referrer, over redirects', async () => {
      expect(await get('/a.png')).to.equal('image/png');
      expect(await get('/hop')).to.equal('image/png');
      for (const { headers } of asked) {
        expect(headers).to.not.have.any.keys('cookie', 'referer', 'authorization');
        expect(headers['accept-encoding']).to.equal('identity');
      }
    });

    for (const path of ['/pixel', '/svg', '/html', '/large', '/inside', '/ring'])
      it(`S4: shows nothing of ${path}`, async () => {
        expect(await get(path)).to.equal('images.not-found');
      });

    it('S4: gives a server that says nothing up', async () => {
      await images.close();
      images = imagesWithin(500);
      expect(await get('/silent')).to.equal('images.not-found');
    });

    it('S4: goes to no private address, by name or number', async () => {
      for (const host of ['intranet.example', '127.0.0.1', '[::1]', '2130706433'])
        expect(await get('/a.png', host), host).to.equal('images.not-found');
      expect(asked).to.deep.equal([]);
    });

    it('S4: fetches nothing that the desk did not sign for this message', async () => {
      const signature = /images\/([^?]+)/.exec(images.addressOf(7, `http://pictures.example:${port}/a.png`))?.[1] ?? '';
      for (const [id, given, url] of [
        [8, signature, `http://pictures.example:${port}/a.png`],
        [7, signature, `http://pictures.example:${port}/b.png`],
        [7, '', `http://pictures.example:${port}/a.png`],
      ] as const)
        expect(await images.fetch(id, given, url).catch((error: { code?: string }) => error.code)).to.equal('images.not-found');
      expect(asked).to.deep.equal([]);
    });
  });

  describe('on the page', () => {
    let desk: TestDesk;
    beforeEach(async () => {
      desk = await createTestDesk();
    });
    afterEach(() => desk.close());
    const open = async () => {
      const html = `<p>Hello</p><img src="http://127.0.0.1:${port}/a.png"><img src="https://e.example/t.gif" width="1" height="1">`;
      return desk.as('mina').open({ subject: 'Hi', requester: { userId: desk.people.mina.id }, message: { html }, channel: 'web' });
    };
    const body = async (id: number, query = '') => (await desk.fetch(`/desk/messages/${id}/body${query}`, { as: 'can' })).text();

    it('S4: are hidden until somebody asks, then come from the desk alone, and a tracker never', async () => {
      const { ticket, message } = await open();

      const page = await (await desk.fetch(`/desk/tickets/${ticket.number}`, { as: 'can' })).text();
      expect(page).to.contain('One image from outside is hidden.').and.contain('Always for this sender');
      expect(await body(message.id)).to.not.match(/<img[^>]* src=/);

      const shown = await desk.fetch(`/desk/messages/${message.id}/body?images=1`, { as: 'can' });
      expect(shown.headers.get('Content-Security-Policy')).to.contain("img-src 'self' data:;");
      const html = await shown.text();
      expect(html.match(/ src="/g)).to.have.lengthOf(1);
      const address = / src="(\/desk\/messages\/[^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
      expect((await desk.fetch(address, { as: 'can' })).status, 'a private address').to.equal(404);
      expect((await desk.fetch(address, { as: 'mina' })).status).to.equal(403);
      expect(asked).to.deep.equal([]);
    });

    it('S4: are shown always for a sender, to one agent or to all, until that is taken back', async () => {
      const { message } = await open();
      const set = (show: string) =>
        desk.fetch(`/desk/messages/${message.id}/images`, { method: 'POST', as: 'can', body: new URLSearchParams({ show }) });
      const sees = async (name: 'ada' | 'can') =>
        / src="\/desk/.test(await (await desk.fetch(`/desk/messages/${message.id}/body`, { as: name })).text());

      expect((await set('me')).status).to.equal(303);
      expect([await sees('can'), await sees('ada')]).to.deep.equal([true, false]);
      await set('desk');
      expect([await sees('can'), await sees('ada')]).to.deep.equal([true, true]);
      await set('no');
      expect([await sees('can'), await sees('ada')]).to.deep.equal([false, false]);
    });

    it('S4: are never shown always for a sender whom nobody knows', async () => {
      const { ticket, message } = await open();
      await desk.storage.writeTx((tx) => tx('messages').where({ id: message.id }).update({ flags: '["unknown-sender"]' }));

      const page = await (await desk.fetch(`/desk/tickets/${ticket.number}`, { as: 'can' })).text();
      const body = new URLSearchParams({ show: 'desk' });
      const answer = await desk.fetch(`/desk/messages/${message.id}/images`, { method: 'POST', as: 'can', body });

      expect(page).to.contain('One image from outside is hidden.').and.not.contain('Always for this sender');
      expect(answer.status).to.equal(404);
    });

    it('S1: stored messages are cleaned again when the rules have grown', async () => {
      const { message } = await open();
      await desk.storage.writeTx((tx) =>
        tx('messages').where({ id: message.id }).update({ html: '<p onclick="x()">Hi</p><script>x()</script>', sanitizer: 0 }),
      );

      await desk.storage.writeTx((tx) => desk.app.desk.jobs.enqueue(tx, { name: 'messages.sanitize', payload: {} }));
      await desk.settle();

      expect(await desk.storage.read('messages').where({ id: message.id }).first('html', 'sanitizer')).to.deep.equal({
        html: '<p>Hi</p>',
        sanitizer: sanitizerVersion,
      });
    });

    it('S4: stay away from a quote (mozilla/sumo#3303)', () => {
      expect(withoutRemoteImages('<p>Hi</p><img src="https://e.example/a.png">')).to.not.match(/ src=/);
    });
  });
});
