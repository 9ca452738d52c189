import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { expect } from 'chai';
import Koa from 'koa';
import type { Owned, RouteContribution } from '#core/kernel/contributions.js';
import { Forbidden } from '#core/kernel/errors.js';
import { dispatchPlugins } from '#core/kernel/router-dispatch.js';
import { currentScope, runInScope } from '#core/kernel/scope.js';
import { buildSnapshot, type Snapshot } from '#core/kernel/snapshot.js';

type Routes = RouteContribution['routes'];

const says = (text: string): Routes => [{ method: 'get', path: '/', public: true, handler: (ctx) => void (ctx.body = text) }];

describe('the pages of plugins', () => {
  let snapshot: Snapshot;
  let server: Server;
  let skip: ReadonlySet<string> | undefined;

  function serve(routes: readonly { readonly plugin: string; readonly value: RouteContribution }[]): void {
    const contributions = routes.map((one): Owned<'route'> => ({ ...one, kind: 'route' }));
    snapshot = buildSnapshot({ generation: 1, plugins: [], contributions, onFault: () => {} });
  }

  async function get(path: string, method = 'GET'): Promise<string> {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return `${response.status} ${await response.text()}`.trim();
  }

  beforeEach(async () => {
    skip = undefined;
    const app = new Koa();
    app.use((ctx, next) =>
      runInScope({ depth: 0, ...(skip !== undefined && { skip }) }, next).then(undefined, (error: unknown) => {
        if (!(error instanceof Forbidden)) throw error;
        ctx.status = error.status;
      }),
    );
    app.use(
      dispatchPlugins({
        snapshot: () => snapshot,
        guard: (ctx, { permission, plugin, area }) => {
          if (permission !== undefined && ctx.get('permission') !== permission) throw new Forbidden('test.no', { plugin, area });
        },
      }),
    );
    app.use((ctx) => {
      if (ctx.path === '/p/kb/core') ctx.body = 'core';
    });
    server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => void server.close());

  it('are found by area and by claimed address, and only there', async () => {
    serve([
      { plugin: 'kb', value: { area: 'portal', routes: says('portal') } },
      {
        plugin: 'kb',
        value: {
          area: 'portal',
          at: '/kb',
          routes: [
            ...says('claimed'),
            { method: 'get', path: '/:slug', public: true, handler: (ctx) => void (ctx.body = `article ${String(ctx.params['slug'])}`) },
          ],
        },
      },
      { plugin: 'kb', value: { area: 'desk', routes: says('desk') } },
      { plugin: 'kb', value: { area: 'admin', routes: says('admin') } },
      { plugin: 'kb', value: { area: 'api', routes: says('api') } },
    ]);

    expect(
      await Promise.all(['/p/kb', '/kb', '/kb/how-to', '/desk/p/kb', '/admin/p/kb/', '/api/v1/p/kb'].map((path) => get(path))),
    ).to.deep.equal(['200 portal', '200 claimed', '200 article how-to', '200 desk', '200 admin', '200 api']);
    expect(await Promise.all(['/p/kbx', '/p', '/kbx', '/p/other', '/api/p/kb'].map((path) => get(path)))).to.deep.equal(
      Array.from({ length: 5 }, () => '404 Not Found'),
    );
    expect(await get('/p/kb/core')).to.equal('200 core');
    expect(await get('/kb', 'DELETE')).to.match(/^405/);
  });

  it('are guarded before the handler runs, and run as their plugin', async () => {
    let scope: unknown;
    serve([
      {
        plugin: 'kb',
        value: {
          area: 'admin',
          routes: [
            { method: 'get', path: '/secret', permission: 'kb.admin', handler: () => void (scope = 'ran') },
            { method: 'get', path: '/open', public: true, handler: (ctx) => void ((scope = currentScope()), (ctx.body = 'ok')) },
          ],
        },
      },
    ]);

    expect(await get('/admin/p/kb/secret')).to.match(/^403/);
    expect(scope).to.equal(undefined);
    expect(await get('/admin/p/kb/open')).to.equal('200 ok');
    expect(scope).to.include({ plugin: 'kb' });
  });

  it('keep serving a request from the snapshot it began with', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => void (release = resolve));
    let began = () => {};
    const hasBegun = new Promise<void>((resolve) => void (began = resolve));
    const slow: Routes = [
      {
        method: 'get',
        path: '/',
        public: true,
        handler: async (ctx) => {
          began();
          await held;
          ctx.body = 'old';
        },
      },
    ];
    serve([{ plugin: 'kb', value: { area: 'portal', routes: slow } }]);

    const first = get('/p/kb');
    await hasBegun;
    serve([{ plugin: 'kb', value: { area: 'portal', routes: says('new') } }]);
    const second = await get('/p/kb');
    serve([]);
    release();

    expect([await first, second, await get('/p/kb')]).to.deep.equal(['200 old', '200 new', '404 Not Found']);
  });

  it('are absent from a request that skips their plugin', async () => {
    serve([{ plugin: 'kb', value: { area: 'portal', routes: says('here') } }]);
    skip = new Set(['kb']);

    expect(await get('/p/kb')).to.equal('404 Not Found');
  });
});
