import { expect } from 'chai';
import { ObservedStorage } from '#cli/bench/capturing.js';
import { pairStatements } from '#cli/bench/pairing.js';
import { replay } from '#core/operations/bench/replaying.js';
import { onDatabase } from '../kernel/database.js';

type Captured = Parameters<typeof pairStatements>[0][number];

const captured = (sql: string, bindings: readonly unknown[], more: Partial<Captured> = {}): Captured => ({
  sql,
  bindings,
  tx: undefined,
  rows: [],
  ...more,
});

/** One run that counts a number up and writes a line with it. */
const run = (next: number, text: string): readonly Captured[] => [
  captured('update counters set next = next + 1 where id = ? returning next', [1], { tx: 1, rows: [{ next }] }),
  captured('insert into lines (number, text) values (?, ?)', [next - 1, text], { tx: 1 }),
];

describe('capturing what is asked of a storage', () => {
  it('notes each statement once, with the transaction it ran in and what came back', async () => {
    const inner = (await onDatabase()).open();
    const observed = new ObservedStorage(inner);
    const tag = { name: 'Lamp', name_key: 'lamp', created_at: 1 };
    try {
      const taken = await observed.capture(async () => {
        await observed.storage.writeTx(async (tx) => {
          await tx('tags').where({ name_key: 'lamp' }).first('id');
          await tx('tags').insert(tag);
        });
        await observed.storage.read('tags').select('name');
      });

      const seen = taken.map(({ sql, tx }) => [sql.split(' ', 1)[0], tx]);
      expect(seen).to.deep.equal([
        ['select', 1],
        ['insert', 1],
        ['select', undefined],
      ]);
      expect(taken.at(-1)?.rows).to.deep.equal([{ name: 'Lamp' }]);
    } finally {
      await inner.close();
    }
  });
});

describe('pairing two captures of one piece of work', () => {
  it('keeps what was equal, follows what came back and makes the rest anew', () => {
    const statements = pairStatements(run(11, 'Lamp 1 of Ada'), run(12, 'Lamp 2 of Ada'));

    expect(statements?.map(({ bindings }) => bindings)).to.deep.equal([
      [{ value: 1 }],
      [
        { statement: 0, row: 0, column: 'next', add: -1 },
        { like: 'Lamp 2 of Ada', mask: '.....x.......' },
      ],
    ]);
  });

  it('leaves out reads that only one of them needed', () => {
    const cached = captured('select * from settings', []);

    expect(pairStatements([cached, ...run(11, 'a')], run(12, 'a'))).to.have.length(2);
    expect(pairStatements(run(11, 'a'), [...run(12, 'a'), cached])).to.have.length(2);
  });

  it('gives up when the two wrote differently', () => {
    expect(pairStatements(run(11, 'a'), run(12, 'a').slice(0, 1))).to.equal(undefined);
  });
});

describe('the floor of a write', () => {
  it('writes new rows each time, with the ids of its own run', async () => {
    const storage = (await onDatabase()).open();
    const [mark] = storage.dialect === 'postgres' ? ['$1, $2, $3'] : ['?, ?, ?'];
    const insert = `insert into tags (name, name_key, created_at) values (${mark}) returning id`;
    const read = `select id, name from tags where id = ${storage.dialect === 'postgres' ? '$1' : '?'}`;
    const made = (id: number, key: string): readonly Captured[] => [
      captured(insert, ['Lamp', key, 1], { tx: 1, rows: [{ id }] }),
      captured(read, [id], { rows: [{ id, name: 'Lamp' }] }),
    ];
    const statements = pairStatements(made(900, 'a1f09c77'), made(901, 'b2e18d66')) ?? [];
    try {
      const [first, second] = [await replay(storage, statements), await replay(storage, statements)];

      expect(first[1]).to.deep.equal([{ id: first[0]?.[0]?.['id'], name: 'Lamp' }]);
      expect(second[0]?.[0]?.['id']).not.to.equal(first[0]?.[0]?.['id']);
      expect(await storage.read('tags').where({ name: 'Lamp' }).distinct('name_key')).to.have.length(2);
    } finally {
      await storage.close();
    }
  });
});
