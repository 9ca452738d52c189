import { expect } from 'chai';
import { HookBus } from '#core/kernel/hook-bus.js';
import { Oversight } from '#core/kernel/oversight.js';
import { SlotRegistry } from '#core/kernel/slots.js';
import { errorOf } from './support.js';

declare module '#core/kernel/hook-map.js' {
  interface Actions {
    'breaker.happened': { readonly id: number };
  }
  interface Decisions {
    'breaker.may': { readonly input: { readonly id: number }; readonly verdict: { readonly reason: string } };
  }
}

describe('a handler that keeps failing', () => {
  let now: number;
  let exhausted: string[];
  let faults: number;
  let oversight: Oversight;
  let bus: HookBus;

  beforeEach(() => {
    now = 1_000_000;
    exhausted = [];
    faults = 0;
    const onFault = () => void (faults += 1);
    oversight = new Oversight({ onFault, clock: { now: () => now }, onExhausted: (plugin, hook) => exhausted.push(`${plugin} ${hook}`) });
    bus = HookBus.overseenBy(oversight);
    bus.define('action', 'breaker.happened');
    bus.define('decision', 'breaker.may');
  });

  const act = async (times: number) => {
    for (let n = 0; n < times; n += 1) await bus.act('breaker.happened', { id: n });
  };
  const failing = () => {
    const ran: number[] = [];
    bus.forPlugin('bad', 0).on('breaker.happened', ({ id }) => {
      ran.push(id);
      throw new Error('boom');
    });
    return ran;
  };

  it('pitfall 6: is skipped for a minute after five faults in a minute, while the others run, and tried again then', async () => {
    const before: number[] = [];
    const after: number[] = [];
    bus.forPlugin('early', 0).on('breaker.happened', ({ id }) => before.push(id));
    const ran = failing();
    bus.forPlugin('late', 1).on('breaker.happened', ({ id }) => after.push(id));

    await act(8);
    const report = bus.inspect().find(({ name }) => name === 'breaker.happened');
    expect([ran.length, before.length, after.length, faults]).to.deep.equal([5, 8, 8, 5]);
    expect(report?.handlers.map(({ plugin, isSkipped }) => [plugin, isSkipped])).to.deep.equal([
      ['bad', true],
      ['early', false],
      ['late', false],
    ]);

    now += 59_999;
    await act(1);
    expect(ran.length).to.equal(5);
    now += 1;
    await act(1);
    expect(ran.length).to.equal(6);
  });

  it('is not skipped for faults that lie further apart', async () => {
    const ran = failing();

    for (let n = 0; n < 12; n += 1) {
      await act(1);
      now += 20_000;
    }

    expect([ran.length, exhausted]).to.deep.equal([12, []]);
  });

  it('exhausts its plugin when it is skipped for the third time within an hour, and not when the hours pass', async () => {
    failing();
    await act(5);
    now += 60_000;
    await act(5);
    now += 3_600_000;
    await act(5);
    expect(exhausted).to.deep.equal([]);

    for (let opening = 0; opening < 2; opening += 1) {
      now += 60_000;
      await act(5);
    }
    expect(exhausted).to.deep.equal(['bad breaker.happened']);
  });

  it('keeps the door closed when it is a critical one', async () => {
    const decide = (): Promise<unknown> => bus.decide('breaker.may', { id: 1 });
    bus.forPlugin('guard', 0).decide(
      'breaker.may',
      () => {
        throw new Error('boom');
      },
      { critical: true },
    );
    for (let n = 0; n < 6; n += 1) expect(await errorOf(decide())).to.have.property('code', 'hooks.critical-failed');

    expect(faults).to.equal(5);
  });

  it('starts with a clean record when its plugin is switched on again', async () => {
    const ran = failing();
    await act(6);
    bus.removePlugin('bad');
    const again = failing();
    await act(1);

    expect([ran.length, again.length]).to.deep.equal([5, 1]);
  });

  it('may be a slot: its loader is left out of the page, the others stay', async () => {
    let ran = 0;
    const load = () => {
      ran += 1;
      throw new Error('boom');
    };
    const registry = new SlotRegistry(
      [
        { plugin: 'bad', value: { slot: 'admin.notices', template: 'bad', load } },
        { plugin: 'good', value: { slot: 'admin.notices', template: 'good' } },
      ],
      () => undefined,
      oversight,
    );
    const shown = async () =>
      (await registry.loadSlots(['admin.notices'], {}, { may: () => true }))['admin.notices']?.map(({ plugin }) => plugin);

    for (let n = 0; n < 5; n += 1) expect(await shown()).to.deep.equal(['bad', 'good']);
    expect(await shown()).to.deep.equal(['good']);
    expect(ran).to.equal(5);
  });
});
