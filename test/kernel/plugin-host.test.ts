import { expect } from 'chai';
import type { PluginKit } from '#core/kernel/activating.js';
import { onDatabase } from './database.js';
import { PluginDesk, running, type TestHost } from './plugin-desk.js';
import { errorOf, pause } from './support.js';

declare module '#core/kernel/hook-map.js' {
  interface Actions {
    'kb.published': { readonly id: number };
  }
  interface Services {
    'test.lookup': () => string;
  }
}

const route = (path: string, more: object) => ({ method: 'get', path, handler: () => {}, ...more }) as const;

describe('the plugin host', () => {
  let desk: PluginDesk;
  let host: TestHost;

  beforeEach(async () => {
    expect(onDatabase).to.be.a('function');
    desk = await PluginDesk.create();
    host = desk.process('web-1');
  });
  afterEach(() => desk.close());

  const failure = async (work: Promise<unknown>) => (await errorOf(work)) as { code: string; details: Record<string, unknown> };

  it('activates the defaults of a new desk in order, and only on the first start', async () => {
    const order: string[] = [];
    for (const [id, requires] of [
      ['a', { b: '*' }],
      ['b', {}],
      ['c', {}],
    ] as const) {
      await desk.add(id, { manifest: { requires }, activate: () => void order.push(id) });
    }
    const first = desk.process('first', { activeByDefault: ['a', 'b'] });
    await first.start();
    await desk.add('d');
    const second = desk.process('second', { activeByDefault: ['c', 'd'] });
    await second.start();

    expect(order).to.deep.equal(['b', 'a', 'b', 'a']);
    expect(running(second)).to.equal('b a');
    expect(await desk.row('d')).to.include({ isDesired: false, state: 'installed' });
    expect(await desk.row('a')).to.include({ isDesired: true, state: 'active', version: '1.0.0' });
  });

  it('activates once, however many ask at the same moment', async () => {
    let activations = 0;
    let ran = 0;
    await desk.add('a', {
      manifest: { db: { slug: 'aa', migrations: './migrations' } },
      migrations: {
        '0001-one.js': 'export const up = (tx, t) => tx.schema.createTable(t("things"), (table) => { table.increments("id"); });',
      },
      activate: ({ hooks }) => {
        activations++;
        hooks.on('test.happened', () => ran++);
      },
    });
    await host.start();

    await Promise.all(Array.from({ length: 10 }, () => host.activate('a')));
    await host.bus.act('test.happened', { id: 1 });

    expect([activations, ran]).to.deep.equal([1, 1]);
    expect(host.snapshot.generation).to.equal(2);
    expect(await desk.row('a')).to.include({ state: 'active', slug: 'aa' });
    expect(await desk.storage.read('migrations').where({ owner: 'a' }).pluck('name')).to.deep.equal(['0001-one']);
  });

  it('takes everything back: handlers, then pages, signal, deactivate, and what was handed over in reverse', async () => {
    const steps: string[] = [];
    let kit: PluginKit | undefined;
    await desk.add('a', {
      activate: (given) => {
        kit = given;
        given.hooks.on('test.happened', () => steps.push('handler'));
        given.register('route', { area: 'portal', routes: [route('/', { public: true })] });
        given.services.provide('test.lookup', () => 'found');
        given.signal.addEventListener('abort', () => steps.push(`signal, ${host.snapshot.routes.length} routes`));
        given.own(() => void steps.push('first'));
        given.own({ dispose: () => void steps.push('second') });
      },
      deactivate: () => void steps.push('deactivate'),
    });
    await host.start();
    await host.activate('a');
    expect(host.snapshot.routes).to.have.lengthOf(1);
    expect(host.services.get('test.lookup')?.()).to.equal('found');

    await host.deactivate('a');
    await host.bus.act('test.happened', { id: 1 });

    expect(steps).to.deep.equal(['signal, 0 routes', 'deactivate', 'second', 'first']);
    expect(host.services.get('test.lookup')).to.equal(undefined);
    expect(await desk.row('a')).to.include({ isDesired: false, state: 'inactive' });
    expect(() => kit?.hooks.on('test.happened', () => {})).to.throw('switched off');
    expect(() => kit?.register('route', { area: 'portal', routes: [] })).to.throw('switched off');
    kit?.own(() => void steps.push('late'));
    await pause(1);
    expect(steps.at(-1)).to.equal('late');
  });

  it('lets a handler wait for a plugin that is off, and delivers once that is on', async () => {
    const heard: number[] = [];
    await desk.add('listener', { activate: ({ hooks }) => void hooks.on('kb.published', ({ id }) => heard.push(id)) });
    await desk.add('kb', { activate: ({ hooks }) => void hooks.define('action', 'kb.published') });
    await host.start();
    await host.activate('listener');
    await host.activate('kb');

    await host.bus.act('kb.published', { id: 4 });

    expect(heard).to.deep.equal([4]);
  });

  it('does not take a plugin away from those that need it unless they go along', async () => {
    await desk.add('a', { manifest: { requires: { b: '*' } } });
    await desk.add('b');
    await host.start();
    await host.activate('b');
    await host.activate('a');

    expect((await failure(host.deactivate('b'))).details['dependents']).to.deep.equal(['a']);
    expect(running(host)).to.equal('b a');
    await host.deactivate('b', { withDependents: true });
    expect(running(host)).to.equal('');
  });

  it('writes subscriptions at activation, keeps them in safe mode and ends them at deactivation', async () => {
    await desk.add('csat', { activate: ({ hooks }) => void hooks.onDurable('test.happened', 'survey', () => {}) });
    await host.start();
    await host.activate('csat');
    const declared = [{ plugin: 'csat', handler: 'survey', event: 'test.happened' }];
    expect(desk.subscriptions.get('csat')).to.deep.equal(declared);

    const safe = desk.process('safe', { safeMode: true });
    await safe.start();
    expect([running(safe), safe.bus.durable('csat', 'survey')]).to.deep.equal(['', undefined]);
    expect(desk.subscriptions.get('csat')).to.deep.equal(declared);
    await safe.stop();

    await host.deactivate('csat');
    expect(desk.subscriptions.has('csat')).to.equal(false);
  });

  it('waits until every live process has switched', async () => {
    await desk.add('a');
    const other = desk.process('web-2');
    await host.start();
    await other.start();
    const poll = setInterval(() => void other.reconcile(), 30);

    await host.activate('a');
    clearInterval(poll);

    expect([running(host), running(other)]).to.deep.equal(['a', 'a']);
  });

  it('says how many switched when one does not, and does not wait for a dead one', async () => {
    await desk.add('a');
    const hasty = desk.process('hasty', { patienceMs: 100 });
    await hasty.start();
    await desk.process('asleep').start();

    const { code, details } = await failure(hasty.activate('a'));
    expect([code, details['message']]).to.deep.equal(['plugins.not-everywhere', '1 of 2 processes switched.']);

    desk.now += 16_000;
    await hasty.deactivate('a');
    expect(running(hasty)).to.equal('');
  });

  it('lets a command change plugins without running them', async () => {
    let activations = 0;
    await desk.add('a', { activate: () => void activations++ });
    await host.start();
    const command = desk.process('command', { passive: true });
    await command.start();
    const poll = setInterval(() => void host.reconcile(), 30);

    await command.activate('a');
    clearInterval(poll);

    expect(activations).to.equal(1);
    expect([running(host), running(command)]).to.deep.equal(['a', '']);
    expect(await desk.storage.read('processes').pluck('id')).to.deep.equal(['web-1']);
  });

  it('leaves a quarantined plugin off until somebody switches it on', async () => {
    await desk.add('a');
    await host.start();
    await host.activate('a');
    await host.stop();
    await desk.storage.writeTx(async (tx) => void (await tx('plugins').where({ id: 'a' }).update({ state: 'quarantined' })));

    const restarted = desk.process('restarted');
    await restarted.start();
    expect([running(restarted), (await desk.row('a'))?.state]).to.deep.equal(['', 'quarantined']);
    await restarted.activate('a');
    expect([running(restarted), (await desk.row('a'))?.state]).to.deep.equal(['a', 'active']);
  });

  it('never changes a snapshot that a request holds', async () => {
    await desk.add('a', { activate: (kit) => void kit.register('helper', { name: 'a-x', run: () => 'x' }) });
    await host.start();
    await host.activate('a');
    const held = host.snapshot;

    await host.deactivate('a');

    expect(held.helpers.map(({ value }) => value.name)).to.deep.equal(['a-x']);
    expect(host.snapshot.helpers).to.deep.equal([]);
    expect(Object.isFrozen(held)).to.equal(true);
  });

  it('reports a plugin whose folder is gone, and one whose code changed under it', async () => {
    await desk.add('a');
    await desk.add('b');
    await host.start();
    await host.activate('a');
    await desk.add('a', { version: '1.1.0' });
    await host.activate('b');

    expect(await desk.row('a')).to.include({ state: 'upgrading', lastError: 'Restart to run a 1.1.0.' });

    const elsewhere = desk.process('elsewhere', { roots: [] });
    await elsewhere.start();
    expect(await desk.row('b')).to.include({ state: 'missing', isDesired: true });
  });
});
