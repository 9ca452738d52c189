import { expect } from 'chai';
import { type Candidate, dependentsOf, resolve } from '#core/kernel/resolve.js';
import { satisfies } from '#core/kernel/versions.js';

type Needs = Omit<Candidate['manifest'], 'api'> & { readonly api?: string; readonly version?: string };

function plugin(id: string, { version = '1.0.0', api = '^1.0.0', ...rest }: Needs = {}): Candidate {
  return { id, version, manifest: { api, ...rest } };
}

const blockedOf = (list: readonly Candidate[], desired: readonly string[]) =>
  resolve(list, desired, '1.2.0').blocked.map(({ id, reason, chain }) => [id, reason, chain.join(' ')]);

describe('resolving plugins', () => {
  it('puts what is needed first and breaks ties by id, whatever order it is told', () => {
    const list = [
      plugin('csat', { requires: { tags: '*' } }),
      plugin('tags'),
      plugin('a'),
      plugin('kb', { optional: { zed: '*' } }),
      plugin('zed'),
    ];
    const ids = list.map(({ id }) => id);

    expect(resolve(list, ids, '1.0.0')).to.deep.equal({ order: ['a', 'tags', 'csat', 'zed', 'kb'], blocked: [] });
    expect(resolve(list.toReversed(), ids.toReversed(), '1.0.0').order).to.deep.equal(['a', 'tags', 'csat', 'zed', 'kb']);
  });

  const cases: readonly { name: string; list: readonly Candidate[]; desired: readonly string[]; blocked: readonly unknown[] }[] = [
    { name: 'a missing folder', list: [], desired: ['gone'], blocked: [['gone', 'missing', 'gone']] },
    { name: 'an API that is too new', list: [plugin('a', { api: '^2.0.0' })], desired: ['a'], blocked: [['a', 'api', 'a']] },
    { name: 'an API range that is none', list: [plugin('a', { api: 'newest' })], desired: ['a'], blocked: [['a', 'api', 'a']] },
    {
      name: 'a requirement that is absent',
      list: [plugin('a', { requires: { b: '*' } })],
      desired: ['a'],
      blocked: [['a', 'requires-missing', 'a b']],
    },
    {
      name: 'a requirement that is off',
      list: [plugin('a', { requires: { b: '*' } }), plugin('b')],
      desired: ['a'],
      blocked: [['a', 'requires-inactive', 'a b']],
    },
    {
      name: 'a requirement that is too old',
      list: [plugin('a', { requires: { b: '>=1.1' } }), plugin('b')],
      desired: ['a', 'b'],
      blocked: [['a', 'requires-version', 'a b']],
    },
    {
      name: 'a conflict, seen from either side',
      list: [plugin('a'), plugin('b', { conflicts: { a: '<2' } })],
      desired: ['a', 'b'],
      blocked: [
        ['a', 'conflict', 'a b'],
        ['b', 'conflict', 'b a'],
      ],
    },
    {
      name: 'a conflict only in its range',
      list: [plugin('a', { version: '2.0.0' }), plugin('b', { conflicts: { a: '<2' } })],
      desired: ['a', 'b'],
      blocked: [],
    },
    {
      name: 'a second plugin with one slug',
      list: [plugin('a', { db: { slug: 'kb', migrations: 'm' } }), plugin('b', { db: { slug: 'kb', migrations: 'm' } })],
      desired: ['a', 'b'],
      blocked: [['b', 'slug', 'b a']],
    },
    {
      name: 'dependents with the chain',
      list: [plugin('a', { requires: { b: '*' } }), plugin('b', { requires: { c: '*' } }), plugin('c', { api: '^9.0.0' })],
      desired: ['a', 'b', 'c'],
      blocked: [
        ['a', 'requires-blocked', 'a b c'],
        ['b', 'requires-blocked', 'b c'],
        ['c', 'api', 'c'],
      ],
    },
    {
      name: 'a whole cycle, by name',
      list: [
        plugin('a', { requires: { b: '*' } }),
        plugin('b', { requires: { c: '*' } }),
        plugin('c', { requires: { a: '*' } }),
        plugin('d', { requires: { a: '*' } }),
      ],
      desired: ['a', 'b', 'c', 'd'],
      blocked: [
        ['a', 'cycle', 'a b c a'],
        ['b', 'cycle', 'b c a b'],
        ['c', 'cycle', 'c a b c'],
        ['d', 'requires-blocked', 'd a b c a'],
      ],
    },
  ];
  for (const { name, list, desired, blocked } of cases) {
    it(`blocks ${name}`, () => {
      expect(blockedOf(list, desired)).to.deep.equal(blocked);
    });
  }

  it('runs what is not concerned by a blocked plugin', () => {
    expect(resolve([plugin('a', { api: '^9' }), plugin('b')], ['a', 'b'], '1.0.0').order).to.deep.equal(['b']);
  });

  it('lists everything that needs a plugin, directly or not', () => {
    const list = [
      plugin('a'),
      plugin('b', { requires: { a: '*' } }),
      plugin('c', { requires: { b: '*' } }),
      plugin('d', { requires: { a: '*' } }),
    ];

    expect(dependentsOf('a', list, ['a', 'b', 'c'])).to.deep.equal(['b', 'c']);
  });
});

describe('version ranges', () => {
  const table: readonly [string, string, boolean][] = [
    ['1.2.3', '^1.2.3', true],
    ['1.9.0', '^1.2.3', true],
    ['2.0.0', '^1.2.3', false],
    ['1.2.2', '^1.2.3', false],
    ['0.2.9', '^0.2.3', true],
    ['0.3.0', '^0.2.3', false],
    ['0.0.4', '^0.0.3', false],
    ['0.9.0', '^0', true],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.9.9', '~1', true],
    ['1.5.0', '>=1.2 <2', true],
    ['2.0.0', '>=1.2 <2', false],
    ['1.2.9', '>1.2', false],
    ['1.3.0', '>1.2', true],
    ['1.2.9', '<=1.2', true],
    ['3.1.0', '1.x || 3.x', true],
    ['2.1.0', '1.x || 3.x', false],
    ['2.0.0-beta.1', '^1.0.0', false],
    ['2.0.0-beta.1', '*', false],
    ['2.0.0-beta.10', '>=2.0.0-beta.2', true],
    ['2.0.0', '>= 2.0.0-beta', true],
    ['1.0.0', 'latest', false],
    ['1', '*', false],
    ['1.0.0', '', false],
  ];
  for (const [version, range, expected] of table) {
    it(`${version} is ${expected ? '' : 'not '}in "${range}"`, () => {
      expect(satisfies(version, range)).to.equal(expected);
    });
  }
});
