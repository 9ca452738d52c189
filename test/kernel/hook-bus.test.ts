import { expect } from 'chai';
import { Refused } from '#core/kernel/errors.js';
import { HookBus } from '#core/kernel/hook-bus.js';
import type { Fault } from '#core/kernel/hook-types.js';
import { currentScope, runAsPlugin, runInScope } from '#core/kernel/scope.js';
import { collectGarbage, errorOf, pause } from './support.js';

declare module '#core/kernel/hook-map.js' {
  interface Actions {
    'test.happened': { readonly id: number };
    'later.happened': { readonly id: number };
    'test.unknown': { readonly id: number };
  }
  interface Filters {
    'test.text': { value: string; context: { readonly id: number } };
  }
  interface RenderFilters {
    'test.classes': { value: readonly string[]; context: { readonly id: number } };
  }
  interface Decisions {
    'test.close': { input: { readonly id: number }; verdict: { readonly allow: false; readonly reason: string } };
  }
}

describe('the hook bus', () => {
  let faults: Fault[];
  let bus: HookBus;

  beforeEach(() => {
    faults = [];
    bus = new HookBus({ onFault: (fault) => void faults.push(fault) });
    bus.define('action', 'test.happened');
    bus.define('filter', 'test.text');
    bus.define('filterSync', 'test.classes');
    bus.define('decision', 'test.close');
  });

  const told = () => faults.map(({ plugin, hook, kind }) => `${plugin} ${hook} ${kind}`);

  it('runs the others when one handler throws and one rejects, and names both', async () => {
    const ran: string[] = [];
    bus.forPlugin('good', 2).on('test.happened', () => ran.push('good'));
    bus.forPlugin('throws', 0).on('test.happened', () => {
      throw new Error('boom');
    });
    bus.forPlugin('rejects', 1).on('test.happened', () => Promise.reject(new Error('late boom')));
    bus.forPlugin('last', 3).on('test.happened', async () => ran.push('last'));

    await bus.act('test.happened', { id: 1 });

    expect(ran).to.deep.equal(['good', 'last']);
    expect(told()).to.deep.equal(['throws test.happened throw', 'rejects test.happened throw']);
  });

  it('keeps the previous value of a filter when a handler fails or says nothing', async () => {
    bus.forPlugin('a', 0).filter('test.text', (text) => `${text} a`);
    bus.forPlugin('b', 1).filter('test.text', () => {
      throw new TypeError('bug');
    });
    bus.forPlugin('c', 2).filter('test.text', () => {});
    bus.forPlugin('d', 3).filter('test.text', async (text, { id }) => `${text} d${id}`);

    expect(await bus.applyFilter('test.text', 'x', { id: 7 })).to.equal('x a d7');
    expect(told()).to.deep.equal(['b test.text throw']);
  });

  it('passes on a refusal thrown by a filter and by a decision', async () => {
    const refuse = () => {
      throw new Refused('test.no');
    };
    bus.forPlugin('a', 0).filter('test.text', refuse);
    bus.forPlugin('a', 0).decide('test.close', refuse);

    expect(await errorOf(bus.applyFilter('test.text', 'x', { id: 1 }))).to.include({ code: 'test.no' });
    expect(await errorOf(bus.decide('test.close', { id: 1 }))).to.include({ code: 'test.no' });
    expect(faults).to.deep.equal([]);
  });

  it('stops at the first verdict, and a failing critical handler closes the door', async () => {
    const asked: string[] = [];
    bus.forPlugin('silent', 0).decide('test.close', () => void asked.push('silent'));
    bus.forPlugin('strict', 1).decide('test.close', async ({ id }) => (id === 1 ? { allow: false, reason: 'open tasks' } : undefined));
    bus.forPlugin('guard', 2).decide('test.close', () => Promise.reject(new Error('down')), { critical: true });

    expect(await bus.decide('test.close', { id: 1 })).to.deep.equal({ allow: false, reason: 'open tasks' });
    expect(await errorOf(bus.decide('test.close', { id: 2 }))).to.include({ code: 'hooks.critical-failed', status: 503 });
    expect(asked).to.deep.equal(['silent', 'silent']);
  });

  it('goes on after a deadline in the scope of the caller, and reports the late answer once', async () => {
    const scopes: unknown[] = [];
    bus.forPlugin('slow', 0).filter('test.text', () => pause(300, 'late'), { deadlineMs: 100 });
    bus.forPlugin('next', 1).filter('test.text', (text) => {
      scopes.push(currentScope());
      return `${text}!`;
    });

    const text = await runInScope({ plugin: 'caller', depth: 0 }, () => bus.applyFilter('test.text', 'x', { id: 1 }));

    expect(text).to.equal('x!');
    expect(scopes).to.have.lengthOf(1);
    expect(scopes[0]).to.deep.include({ plugin: 'next', hook: 'test.text', parent: { plugin: 'caller', depth: 0 } });
    await pause(300);
    expect(told()).to.deep.equal(['slow test.text timeout', 'slow test.text late']);
  });

  it('refuses a promise from a filter that runs in a template', () => {
    bus.forPlugin('wrong', 0).filterSync('test.classes', (() => Promise.reject(new Error('never seen'))) as unknown as () => string[]);
    bus.forPlugin('right', 1).filterSync('test.classes', (names) => [...names, 'is-new']);

    expect(bus.applyFilterSync('test.classes', ['row'], { id: 1 })).to.deep.equal(['row', 'is-new']);
    expect(told()).to.deep.equal(['wrong test.classes bad-return']);
  });

  it('stops a handler that causes its own hook at depth 8 and shows the chain', async () => {
    let calls = 0;
    bus.forPlugin('loop', 0).on('test.happened', async () => {
      calls++;
      await runAsPlugin('loop', () => bus.act('test.happened', { id: 1 }));
    });

    await bus.act('test.happened', { id: 1 });

    expect(calls).to.equal(8);
    expect(told()).to.deep.equal(['loop test.happened recursion']);
    expect(String(faults[0]?.error)).to.include(Array.from({ length: 9 }, () => 'loop').join(' -> '));
  });

  it('lets no handler change what the next one is told', async () => {
    const seen: number[] = [];
    bus.forPlugin('writer', 0).on('test.happened', (payload) => {
      (payload as { id: number }).id = 99;
    });
    bus.forPlugin('reader', 1).on('test.happened', ({ id }) => seen.push(id));
    const payload = { id: 1 };

    await bus.act('test.happened', payload);

    expect([payload.id, ...seen]).to.deep.equal([1, 1]);
    expect(told()).to.deep.equal(['writer test.happened throw']);
  });

  it('does not enter a plugin that was removed while an earlier handler was running', async () => {
    const ran: string[] = [];
    let release = () => {};
    bus.forPlugin('first', 0).on('test.happened', () => new Promise<void>((resolve) => void (release = resolve)));
    bus.forPlugin('second', 1).on('test.happened', () => ran.push('second'));
    bus.forPlugin('third', 2).on('test.happened', () => ran.push('third'));

    const call = bus.act('test.happened', { id: 1 });
    bus.removePlugin('second');
    release();
    await call;

    expect(ran).to.deep.equal(['third']);
  });

  it('counts calls, faults, timeouts and time for each handler', async () => {
    bus.forPlugin('a', 0).on('test.happened', () => pause(20), { label: 'waits' });
    bus.forPlugin('b', 1).on('test.happened', () => {
      throw new Error('boom');
    });
    bus.forPlugin('c', 2).on('test.happened', () => pause(400), { deadlineMs: 50 });

    await bus.act('test.happened', { id: 1 });
    await bus.act('test.happened', { id: 2 });

    const [a, b, c] = bus.inspect().find(({ name }) => name === 'test.happened')?.handlers ?? [];
    expect(a).to.include({ plugin: 'a', label: 'waits', priority: 10, calls: 2, faults: 0, timeouts: 0 });
    expect(a?.totalMs).to.be.greaterThan(35);
    expect(a?.maxMs)
      .to.be.greaterThan(15)
      .and.lessThan(a?.totalMs ?? 0);
    expect(b).to.include({ calls: 2, faults: 2, timeouts: 0 });
    expect(c).to.include({ calls: 2, faults: 0, timeouts: 2 });
  });

  it('leaves out the plugins a request skips, never core', async () => {
    const ran: string[] = [];
    for (const id of ['core', 'a', 'b']) bus.forPlugin(id, 0).on('test.happened', () => ran.push(id));

    await runInScope({ skip: new Set(['a']), depth: 0 }, () => bus.act('test.happened', { id: 1 }));
    await runInScope({ skip: 'all', depth: 0 }, () => bus.act('test.happened', { id: 1 }));

    expect(ran).to.deep.equal(['b', 'core', 'core']);
  });

  it('refuses a name that nobody defines, and waits for one of an inactive plugin', async () => {
    const ran: number[] = [];
    expect(() => bus.forPlugin('a', 0).on('test.unknown', () => {})).to.throw('test.unknown');
    expect(() => bus.forPlugin('a', 0).on('later.happened', () => {})).to.throw('later.happened');
    bus.setWaitingNamespaces(['later']);

    bus.forPlugin('a', 0).on('later.happened', ({ id }) => ran.push(id));
    bus.forPlugin('later', 1).define('action', 'later.happened');
    await bus.act('later.happened', { id: 5 });

    expect(ran).to.deep.equal([5]);
    expect(() => bus.forPlugin('a', 0).define('action', 'later.other')).to.throw('only define hooks');
  });

  it('keeps durable handlers by plugin and id until the plugin is removed', async () => {
    const heard: unknown[] = [];
    const hooks = bus.forPlugin('csat', 0);
    hooks.onDurable('test.happened', 'survey', ({ id }, { attempt }) => heard.push([currentScope().plugin, id, attempt]));

    await bus.durable('csat', 'survey')?.({ id: 3 }, { eventId: 1, at: 0, attempt: 2 });

    expect(heard).to.deep.equal([['csat', 3, 2]]);
    expect(bus.declarations('csat')).to.deep.equal([{ plugin: 'csat', handler: 'survey', event: 'test.happened' }]);
    expect(() => hooks.onDurable('test.happened', 'survey', () => {})).to.throw('survey');
    bus.removePlugin('csat');
    expect(bus.durable('csat', 'survey')).to.equal(undefined);
  });

  it('lets go of a handler once it is disposed', async () => {
    bus.forPlugin('b', 1).on('test.happened', () => {});
    const reference = await registerAndDispose(bus);

    for (let round = 0; round < 10 && reference.deref() !== undefined; round++) {
      await pause(1);
      collectGarbage();
    }

    expect(reference.deref()).to.equal(undefined);
  });
});

async function registerAndDispose(bus: HookBus): Promise<WeakRef<object>> {
  const held = { big: Array.from({ length: 1000 }) };
  const registration = bus.forPlugin('a', 0).on('test.happened', () => held.big.length);
  await bus.act('test.happened', { id: 1 });
  registration.dispose();
  return new WeakRef(held);
}
