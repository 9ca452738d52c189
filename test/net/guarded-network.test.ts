import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { GuardedNetwork } from '#core/net/index.js';

type Options = ConstructorParameters<typeof GuardedNetwork>[0];

describe('the guarded way out', () => {
  let server: Server;
  let origin: (host: string) => string;
  let asked: string[];
  const networks: GuardedNetwork[] = [];
  const network = (options: Partial<Options>): GuardedNetwork => {
    const made = new GuardedNetwork({ uses: ['net:*'], privateHosts: [], ...options });
    networks.push(made);
    return made;
  };
  const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
    answer.then(
      () => 'answered',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  const loopback = async () => [{ address: '127.0.0.1', family: 4 }];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/away') response.writeHead(302, { Location: 'http://169.254.169.254/' }).end();
      else if (request.url === '/large') response.end(Buffer.alloc(200_000));
      else if (request.url !== '/silent') response.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = (host) => `http://${host}:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked = [];
  });
  afterEach(async () => {
    for (const one of networks.splice(0)) await one.close();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('asks only hosts that were declared, over http and https', async () => {
    const { fetch } = network({ uses: ['net:shop.example', 'tickets:read'] });

    for (const url of ['http://other.example/', 'http://tickets:read/', 'file:///etc/passwd', 'gopher://shop.example/'])
      expect(await codeOf(Promise.resolve().then(() => fetch(url))), url).to.be.oneOf(['net.host-undeclared', 'ERR_INVALID_URL']);
  });

  it('survives a name that does not exist', async () => {
    const { fetch } = network({});

    expect(await codeOf(fetch('http://does-not-exist.invalid/'))).to.equal('fetch failed');
  });

  it('refuses private addresses in every way to write them', async () => {
    const { fetch } = network({});

    for (const host of ['127.0.0.1', '2130706433', '0177.0.0.1', '0x7f.1', '0', '[::1]', '[::ffff:7f00:1]', '169.254.169.254', 'localhost'])
      expect(await codeOf(fetch(`http://${host}/`)), host).to.equal('net.host-private');
    expect(asked).to.deep.equal([]);
  });

  it('judges the address it connects to, not the one that was given before', async () => {
    const answers = ['198.51.100.7', '127.0.0.1'];
    const { fetch } = network({ resolve: async () => [{ address: answers.pop() ?? '', family: 4 }] });

    expect(await codeOf(fetch(origin('rebinding.example')))).to.equal('net.host-private');
    expect(asked).to.deep.equal([]);
  });

  it('refuses a name as soon as one of its addresses is private', async () => {
    const { fetch } = network({
      resolve: async () => [
        { address: '198.51.100.7', family: 4 },
        { address: '10.0.0.8', family: 4 },
      ],
    });

    expect(await codeOf(fetch('http://both.example/'))).to.equal('net.host-private');
  });

  it('lets the operator open the private network to one host', async () => {
    const { fetch } = network({ privateHosts: ['crm.internal'], resolve: loopback });

    expect(await (await fetch(`${origin('crm.internal')}/`)).text()).to.equal('hello');
    expect(await codeOf(fetch(origin('other.internal')))).to.equal('net.host-private');
  });

  it('follows no redirect, and cuts off what is too large or too slow', async () => {
    const reach = { privateHosts: ['crm.internal'], resolve: loopback };
    const { fetch } = network({ ...reach, maxBytes: 100_000 });
    const hasty = network({ ...reach, timeoutMs: 300 });

    expect((await fetch(`${origin('crm.internal')}/away`)).status).to.equal(302);
    expect(await codeOf(fetch(`${origin('crm.internal')}/large`).then((answer) => answer.arrayBuffer()))).not.to.equal('answered');
    expect(await codeOf(hasty.fetch(`${origin('crm.internal')}/silent`))).not.to.equal('answered');
  });
});
