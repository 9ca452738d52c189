import { expect } from 'chai';
import { HookBus } from '#core/kernel/hook-bus.js';
import type { Fault } from '#core/kernel/hook-types.js';
import { onDatabase } from './database.js';
import { PluginDesk, running } from './plugin-desk.js';

declare module '#core/kernel/hook-map.js' {
  interface Filters {
    'pitfall.text': { readonly value: string; readonly context: { readonly id: number } };
  }
}

describe('a handler that answers wrongly', () => {
  it('pitfall 5: settles twice, or with a thenable of its own, and those after it still run once', async () => {
    const faults: Fault[] = [];
    const bus = new HookBus({ onFault: (fault) => void faults.push(fault) });
    bus.define('filter', 'pitfall.text');
    const ran: string[] = [];
    const twice = {
      // oxlint-disable-next-line unicorn/no-thenable -- the mistake under test
      then: (settle: (value: string) => void, fail: (error: Error) => void) => {
        settle('once');
        settle('twice');
        fail(new Error('and failed'));
      },
    };
    bus.forPlugin('twice', 0).filter('pitfall.text', () => twice as unknown as Promise<string>);
    bus.forPlugin('next', 1).filter('pitfall.text', (text) => {
      ran.push(text);
      return `${text}!`;
    });

    expect(await bus.applyFilter('pitfall.text', 'x', { id: 1 })).to.equal('once!');
    expect([ran, faults]).to.deep.equal([['once'], []]);
  });
});

describe('one plugin that two processes are asked for at once', () => {
  let desk: PluginDesk;
  beforeEach(async () => {
    expect(onDatabase).to.be.a('function');
    desk = await PluginDesk.create();
  });
  afterEach(() => desk.close());

  it('pitfall 4: runs once in each, migrates once, and is active once, by five clicks in either', async () => {
    let activations = 0;
    await desk.add('a', {
      manifest: { db: { slug: 'aa', migrations: './migrations' } },
      migrations: {
        '0001-one.js': 'export const up = (tx, t) => tx.schema.createTable(t("things"), (table) => { table.increments("id"); });',
      },
      activate: ({ hooks }) => {
        activations += 1;
        hooks.on('test.happened', () => {});
      },
    });
    const hosts = [desk.process('one'), desk.process('two')];
    for (const host of hosts) await host.start();
    const polls = hosts.map((host) => setInterval(() => void host.reconcile(), 30));

    await Promise.all(hosts.flatMap((host) => Array.from({ length: 5 }, () => host.activate('a'))));
    for (const poll of polls) clearInterval(poll);

    expect(activations).to.equal(2);
    expect(hosts.map((host) => [running(host), host.bus.inspect().flatMap(({ handlers }) => handlers).length])).to.deep.equal([
      ['a', 1],
      ['a', 1],
    ]);
    expect(await desk.storage.read('migrations').where({ owner: 'a' })).to.have.length(1);
    expect(await desk.row('a')).to.include({ state: 'active', isDesired: true });
  });
});
