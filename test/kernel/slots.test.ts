import { expect } from 'chai';
import type { Fault } from '#core/kernel/hook-types.js';
import { currentScope, runInScope } from '#core/kernel/scope.js';
import { type OwnedSlot, printSlot, type SlotContribution, SlotRegistry } from '#core/kernel/slots.js';
import { pause } from './support.js';

describe('slots', () => {
  let faults: Fault[];
  const everything = { may: () => true };
  const owned = (plugin: string, value: Partial<SlotContribution> = {}): OwnedSlot => ({
    plugin,
    value: { slot: 'side', template: `${plugin}/side`, ...value },
  });
  const registry = (slots: readonly OwnedSlot[]) => new SlotRegistry(slots, (fault) => void faults.push(fault));
  const states = async (slots: readonly OwnedSlot[], may = everything) =>
    (await registry(slots).loadSlots(['side'], { id: 1 }, may))['side']?.map(({ plugin, state }) => `${plugin} ${state}`);

  beforeEach(() => {
    faults = [];
  });

  it('load at the same time and are sorted by priority', async () => {
    let [running, most] = [0, 0];
    const wait = async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(20);
      running -= 1;
      return { x: 1 };
    };

    const result = await states([
      owned('b', { load: wait }),
      owned('a', { load: wait, priority: 20 }),
      owned('first', { load: wait, priority: 1 }),
    ]);

    expect(most).to.equal(3);
    expect(result).to.deep.equal(['first ready', 'b ready', 'a ready']);
  });

  it('leave a placeholder for a loader that hangs or fails', async () => {
    const aborted: string[] = [];
    const slots = [
      owned('hangs', {
        load: (_input, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => aborted.push('hangs'));
          }),
      }),
      owned('fails', {
        load: () => {
          throw new Error('no shop');
        },
      }),
      owned('works', { load: (input) => ({ input }) }),
      owned('static'),
    ];
    const { side } = await registry(slots).loadSlots(['side'], { id: 7 }, everything);

    expect(side?.map(({ plugin, state }) => `${plugin} ${state}`)).to.deep.equal([
      'hangs late',
      'fails failed',
      'works ready',
      'static ready',
    ]);
    expect(side?.[2]?.data).to.deep.equal({ input: { id: 7 } });
    expect(aborted).to.deep.equal(['hangs']);
    expect(faults.map(({ plugin, hook, kind }) => `${plugin} ${hook} ${kind}`).toSorted()).to.deep.equal([
      'fails slot side throw',
      'hangs slot side timeout',
    ]);
  });

  it('are not loaded for people who may not see them, nor for plugins the request skips', async () => {
    let loads = 0;
    const load = () => ({ n: ++loads });
    const slots = [owned('secret', { permission: 'shop.view', load }), owned('skipped', { load }), owned('open', { load })];

    const result = await runInScope({ skip: new Set(['skipped']), depth: 0 }, () => states(slots, { may: () => false }));

    expect(result).to.deep.equal(['open ready']);
    expect(loads).to.equal(1);
  });

  it('run as their plugin', async () => {
    const result = await registry([owned('kb', { load: () => ({ ...currentScope() }) })]).loadSlots(['side', 'empty'], {}, everything);

    expect(result['side']?.[0]?.data).to.include({ plugin: 'kb' });
    expect(result['empty']).to.deep.equal([]);
  });

  it('print a placeholder where a template throws', async () => {
    const { side = [] } = await registry([owned('bad'), owned('good')]).loadSlots(['side'], {}, everything);

    const html = printSlot(side, {
      ready: ({ plugin }) => {
        if (plugin === 'bad') throw new Error('template');
        return `<${plugin}>`;
      },
      placeholder: ({ plugin, state }) => `[${plugin} ${state}]`,
      onFault: (fault) => void faults.push(fault),
    });

    expect(html).to.equal('[bad failed]<good>');
    expect(faults.map(({ plugin }) => plugin)).to.deep.equal(['bad']);
  });
});
