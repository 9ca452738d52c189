import { expect } from 'chai';
import { inOrder } from '#core/kernel/hook-order.js';
import { seeded } from './support.js';

interface One {
  readonly plugin: string;
  readonly loadOrder: number;
  readonly sequence: number;
  readonly options: { readonly priority?: number; readonly before?: readonly string[]; readonly after?: readonly string[] };
}

function one(plugin: string, loadOrder: number, options: One['options'] = {}, sequence = 0): One {
  return { plugin, loadOrder, sequence, options };
}

const names = (list: readonly One[]) => list.map(({ plugin }) => plugin);

describe('the order of handlers', () => {
  it('is priority, then load order', () => {
    const list = [one('c', 2), one('late', 0, { priority: 50 }), one('a', 1), one('early', 9, { priority: -5 })];

    expect(names(inOrder('h', list))).to.deep.equal(['early', 'a', 'c', 'late']);
  });

  it('ignores a wish about a plugin that is not there', () => {
    const list = [one('a', 0), one('wishes', 1, { priority: 50, before: ['ghost'] }), one('b', 2)];

    expect(names(inOrder('h', list))).to.deep.equal(['a', 'b', 'wishes']);
  });

  it('comes before every handler of a plugin that has several', () => {
    const list = [one('b', 0, {}, 0), one('b', 0, { priority: 20 }, 1), one('a', 1, { priority: 30, before: ['b'] })];

    expect(names(inOrder('h', list))).to.deep.equal(['a', 'b', 'b']);
  });

  it('names the cycle it refuses', () => {
    const list = [one('a', 0, { before: ['b'] }), one('b', 1, { before: ['c'] }), one('c', 2, { before: ['a'] })];

    expect(() => inOrder('ticket.draft', list)).to.throw(/ticket\.draft.*a -> c -> b -> a/);
  });

  it('keeps every wish, for any set, whatever order the handlers arrived in', () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const list = randomHandlers(random);
      const expected = inOrder('h', list);

      const shuffled = inOrder(
        'h',
        list.toSorted(() => random() - 0.5),
      );

      expect(shuffled).to.deep.equal(expected);
      expect(shuffled).to.have.lengthOf(list.length);
      for (const [before, after] of wishes(expected)) {
        expect(expected.indexOf(before), `${before.plugin} before ${after.plugin} in round ${round}`).to.be.lessThan(
          expected.indexOf(after),
        );
      }
    }
  });
});

// Wishes only go from a lower to a higher index, so that no cycle arises.
function randomHandlers(random: () => number): One[] {
  const count = 2 + Math.floor(random() * 8);
  return Array.from({ length: count }, (_, index) => {
    const higher = Array.from({ length: count - index - 1 }, (__, step) => `p${index + step + 1}`);
    const lower = Array.from({ length: index }, (__, step) => `p${step}`);
    return one(`p${index}`, count - index, {
      priority: Math.floor(random() * 4) * 5,
      before: [...higher.filter(() => random() < 0.2), 'ghost'],
      after: lower.filter(() => random() < 0.2),
    });
  });
}

function wishes(list: readonly One[]): [One, One][] {
  return list.flatMap((a) =>
    list.flatMap((b): [One, One][] => (a.options.before?.includes(b.plugin) || b.options.after?.includes(a.plugin) ? [[a, b]] : [])),
  );
}
