import { expect } from 'chai';
import { type ActivationPorts, type PluginKit, PluginRun } from '#core/kernel/activating.js';
import { HookBus } from '#core/kernel/hook-bus.js';
import type { Fault } from '#core/kernel/hook-types.js';
import type { FoundPlugin } from '#core/kernel/manifest.js';
import { currentScope, runInScope } from '#core/kernel/scope.js';
import { ServiceRegistry } from '#core/kernel/services.js';
import { collectGarbage, errorOf, pause } from './support.js';

const plugin: FoundPlugin = {
  id: 'a',
  version: '1.0.0',
  folder: '/nowhere',
  entry: '/nowhere/index.js',
  manifest: { manifest: 1, id: 'a', title: 'A', api: '*' },
};

describe('running a plugin', () => {
  let faults: Fault[];
  let hooks: HookBus;
  let services: ServiceRegistry;

  beforeEach(() => {
    faults = [];
    const onFault = (fault: Fault) => void faults.push(fault);
    hooks = new HookBus({ onFault });
    hooks.define('action', 'test.happened');
    services = new ServiceRegistry();
  });

  const run = (module: unknown) => {
    const ports: ActivationPorts<PluginKit> = {
      prepare: async () => {},
      hooks,
      services,
      importModule: async () => module,
      makeContext: (_plugin, kit) => kit,
      reservedPaths: [],
      deadlineMs: 10_000,
      onFault: (fault) => void faults.push(fault),
      routes: () => [],
      onChange: () => {},
    };
    return new PluginRun(plugin, ports);
  };

  it('leaves nothing behind after 200 rounds', async () => {
    const heldByRound: WeakRef<object>[] = [];
    const activate = (kit: PluginKit) => {
      const big = { bytes: new Uint8Array(100_000) };
      heldByRound.push(new WeakRef(big));
      kit.hooks.on('test.happened', () => big.bytes.length);
      kit.hooks.onDurable('test.happened', 'durable', () => big.bytes.length);
      kit.register('helper', { name: 'a-x', run: () => big.bytes.length });
      kit.services.provide('test.lookup', () => String(big.bytes.length));
      const timer = setInterval(() => big.bytes.length, 60_000);
      kit.own(() => clearInterval(timer));
    };
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const [timersBefore, hooksBefore] = [timers(), hooks.inspect()];

    for (let round = 0; round < 200; round++) {
      const one = run({ default: { activate } });
      await one.start(0);
      expect(hooks.declarations('a')).to.have.lengthOf(1);
      await hooks.act('test.happened', { id: round });
      await one.stop(() => {});
      expect(one.contributions).to.have.lengthOf(0);
    }
    await pause(5);
    collectGarbage();
    await pause(5);

    expect(hooks.inspect()).to.deep.equal(hooksBefore);
    expect([hooks.declarations('a'), services.inspect()]).to.deep.equal([[], []]);
    // Other timers of this process come and go; those of the rounds would be 200.
    expect(timers()).to.be.lessThan(timersBefore + 5);
    expect(heldByRound.filter((one) => one.deref() !== undefined).length).to.be.lessThan(5);
  });

  it('accepts a default inside a default, and refuses a module without activate', async () => {
    let activations = 0;
    await run({ default: { default: { activate: () => void activations++ } } }).start(0);

    expect(activations).to.equal(1);
    expect(await errorOf(run({ activate: () => {} }).start(0))).to.include({ code: 'plugins.no-definition' });
    expect(await errorOf(run({ default: { default: { default: { activate: () => {} } } } }).start(0))).to.include({
      code: 'plugins.no-definition',
    });
  });

  it('does not inherit what the person who switched it on skips', async () => {
    let scope: unknown;
    const module = { default: { activate: () => void (scope = currentScope()) } };

    await runInScope({ skip: 'all', depth: 3 }, () => run(module).start(0));

    expect(scope).to.deep.equal({ plugin: 'a', depth: 0 });
  });

  it('takes back the rest when one disposal fails', async () => {
    const steps: string[] = [];
    const one = run({
      default: {
        activate: ({ own }: PluginKit) => {
          own(() => void steps.push('first'));
          own(() => Promise.reject(new Error('stuck')));
        },
        deactivate: () => {
          throw new Error('no');
        },
      },
    });
    await one.start(0);

    await one.stop(() => steps.push('unrouted'));

    expect(steps).to.deep.equal(['unrouted', 'first']);
    expect(faults.map(({ hook, error }) => `${hook} ${String(error)}`)).to.deep.equal(['deactivate Error: no', 'dispose Error: stuck']);
  });
});
