import { expect } from 'chai';
import { figuresOf } from '#cli/bench/load.js';
import { optionsOfUsage } from '#cli/arguments.js';
import { printed } from '#cli/output.js';

describe('the figures of the bench', () => {
  it('are requests a second and the times that 50, 95 and 99 of 100 stay below', () => {
    const times = Array.from({ length: 100 }, (_none, index) => 100 - index);

    expect(figuresOf(times, 2000)).to.deep.equal({ rps: 50, p50: 51, p95: 96, p99: 100 });
  });
});

describe('a usage text', () => {
  it('tells which options take a value', () => {
    const options = optionsOfUsage('--address <address> --imap imap[s]://user@host [--since <days>|all] [--quiet] [--json]');

    expect(Object.entries(options).map(([name, { value }]) => [name, value !== undefined])).to.deep.equal([
      ['address', true],
      ['imap', true],
      ['since', true],
      ['quiet', false],
      ['json', false],
    ]);
  });
});

describe('what a command returns', () => {
  it('is printed as a text, as lines or as a table', () => {
    expect(printed('done')).to.equal('done\n');
    expect(printed(undefined)).to.equal('');
    expect(printed({ id: 1, tags: ['a'] })).to.equal('id: 1\ntags: ["a"]\n');
    expect(printed([{ id: 1, name: 'Ada' }, { id: 12 }])).to.equal('id  name\n1   Ada\n12\n');
  });
});
