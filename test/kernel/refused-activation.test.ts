import { expect } from 'chai';
import type { PluginKit } from '#core/kernel/activating.js';
import { onDatabase } from './database.js';
import { PluginDesk, running, type TestHost } from './plugin-desk.js';
import { errorOf, pause } from './support.js';

declare module '#core/kernel/hook-map.js' {
  interface Actions {
    'host.nobody-defines': { readonly id: number };
  }
}

const route = (path: string, more: object) => ({ method: 'get', path, handler: () => {}, ...more }) as const;

describe('a plugin that cannot be activated', () => {
  let desk: PluginDesk;
  let host: TestHost;

  beforeEach(async () => {
    expect(onDatabase).to.be.a('function');
    desk = await PluginDesk.create();
    host = desk.process('web-1');
  });
  afterEach(() => desk.close());

  const failure = async (work: Promise<unknown>) => (await errorOf(work)) as { code: string; details: Record<string, unknown> };

  it('keeps the desk and the other plugins running when one fails, and says why', async () => {
    let isFixed = false;
    let disposed = 0;
    await desk.add('bad', {
      activate: ({ own, hooks }) => {
        own(() => void disposed++);
        hooks.on('test.happened', () => {});
        if (!isFixed) throw new Error('no licence');
      },
    });
    await desk.add('needy', { manifest: { requires: { bad: '*' } } });
    await desk.add('good');
    const first = desk.process('first', { activeByDefault: ['bad', 'needy', 'good'] });

    await first.start();

    expect(running(first)).to.equal('good');
    expect(await desk.row('bad')).to.include({ isDesired: true, state: 'failed', lastError: 'no licence' });
    expect(await desk.row('needy')).to.include({ state: 'failed', lastError: 'needy needs bad, which failed.' });
    expect(disposed).to.equal(1);
    expect(first.bus.inspect().flatMap(({ handlers }) => handlers)).to.deep.equal([]);
    expect(desk.faults[0]).to.include({ plugin: 'bad', hook: 'activate', kind: 'throw' });
    expect(await failure(first.activate('bad'))).to.deep.include({
      code: 'plugins.activation-failed',
      details: { plugin: 'bad', message: 'no licence' },
    });

    isFixed = true;
    await first.activate('bad');
    await first.activate('needy');
    expect(running(first)).to.equal('bad good needy');
  });

  it('gives up on an activation that never ends, and refuses what it registers later', async () => {
    let late: unknown;
    await desk.add('slow', {
      activate: async ({ hooks }) => {
        await pause(500);
        try {
          hooks.on('test.happened', () => {});
        } catch (error) {
          late = error;
        }
      },
    });
    const impatient = desk.process('impatient', { deadlineMs: 150 });
    await impatient.start();

    expect(await failure(impatient.activate('slow'))).to.include({ code: 'plugins.activation-failed' });
    await pause(500);
    expect(late).to.include({ code: 'plugins.not-active' });
    expect(desk.faults.map(({ plugin, kind }) => `${plugin} ${kind}`)).to.deep.equal(['slow timeout']);
  });

  it('fails a plugin that registers an unknown hook, even one that swallows the error', async () => {
    await desk.add('typo', {
      activate: ({ hooks }) => {
        try {
          hooks.on('host.nobody-defines', () => {});
        } catch {
          // The host remembers.
        }
      },
    });
    await host.start();

    const { details } = await failure(host.activate('typo'));

    expect(details['message']).to.equal('typo registers the action host.nobody-defines, which nobody defines.');
  });

  it('fails a plugin with an open route, a reserved address, or one that is taken', async () => {
    const claim = (at: string) => ({
      activate: (kit: PluginKit) => void kit.register('route', { area: 'portal', at, routes: [route('/', { public: true })] }),
    });
    await desk.add('open', { activate: (kit) => void kit.register('route', { area: 'admin', routes: [route('/keys', {})] }) });
    await desk.add('both', {
      activate: (kit) => void kit.register('route', { area: 'admin', routes: [route('/keys', { public: true, permission: 'x' })] }),
    });
    await desk.add('core-page', claim('/tickets/mine'));
    await desk.add('kb', claim('/kb'));
    await desk.add('wiki', claim('/kb'));
    const strict = desk.process('strict', { reservedPaths: ['/tickets'] });
    await strict.start();
    await strict.activate('kb');

    const words = async (id: string) => (await failure(strict.activate(id))).details['message'];
    expect(await words('open')).to.include('GET /keys needs either a permission or public');
    expect(await words('both')).to.include('GET /keys needs either a permission or public');
    expect(await words('core-page')).to.include('/tickets/mine belongs to core');
    expect(await words('wiki')).to.include('/kb belongs to kb');
    expect(running(strict)).to.equal('kb');
  });

  it('names what is missing before it touches anything', async () => {
    await desk.add('a', { manifest: { requires: { b: '*' } } });
    await desk.add('b');
    await desk.add('one', { manifest: { db: { slug: 'same', migrations: './migrations' } } });
    await desk.add('two', { manifest: { db: { slug: 'same', migrations: './migrations' } } });
    await host.start();
    await host.activate('one');
    await host.deactivate('one');

    expect(await failure(host.activate('a'))).to.have.property('code', 'plugins.blocked');
    expect((await failure(host.activate('a'))).details['chain']).to.deep.equal(['a', 'b']);
    expect(await failure(host.activate('ghost'))).to.have.property('code', 'plugins.not-found');
    expect(await failure(host.activate('two'))).to.have.property('code', 'plugins.slug-taken');
    expect(host.snapshot.generation).to.equal(3);
  });
});
